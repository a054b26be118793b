"""A LangGraph graph without a model: a node that decides, and a tool that it may call first."""

from __future__ import annotations

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


@tool  # type: ignore[untyped-decorator]
def get_order(order: str) -> str:
    """Look an order up."""
    return f"{order} was sent yesterday"


def support(state: MessagesState) -> MessagesState:
    """Call the tool for a parcel, say what it found, and otherwise count the customer's messages."""
    last = state["messages"][-1]
    if last.type == "tool":
        return {"messages": [AIMessage(f"I looked: {last.content}.")]}
    if "parcel" in str(last.content):
        return {"messages": [AIMessage("", tool_calls=[{"name": "get_order", "args": {"order": "H-1"}, "id": "c-1"}])]}
    asked = sum(isinstance(message, HumanMessage) for message in state["messages"])
    return {"messages": [AIMessage(f"You have asked {asked} times.")]}


builder = StateGraph(MessagesState)
builder.add_node("support", support)
builder.add_node("tools", ToolNode([get_order]))
builder.add_edge(START, "support")
builder.add_conditional_edges("support", tools_condition)
builder.add_edge("tools", "support")
graph = builder.compile()
remembering = builder.compile(checkpointer=InMemorySaver())
