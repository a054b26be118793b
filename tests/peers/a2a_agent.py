"""An A2A agent made with the protocol's own SDK; run by the peers' Python as `a2a_agent.py PORT`.

It asks back with a task that waits for input, streams what it found in pieces, hands over, fails, and counts messages.
"""

from __future__ import annotations

import sys
from collections import Counter

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from starlette.applications import Starlette


class Support(AgentExecutor):  # type: ignore[misc]
    """Answers by what the customer's message has in it."""

    def __init__(self) -> None:
        self.messages: Counter[str] = Counter()

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.message is not None
        self.messages[context.context_id] += 1
        said = context.get_user_input()
        if context.current_task is not None:
            await self._found(TaskUpdater(event_queue, context.task_id, context.context_id), said)
        elif "parcel" in said or "fail" in said:
            await event_queue.enqueue_event(new_task_from_user_message(context.message))
            task = TaskUpdater(event_queue, context.task_id, context.context_id)
            await task.start_work(new_text_message("One moment."))
            if "fail" in said:
                await task.failed(new_text_message("The warehouse does not answer."))
            else:
                await task.requires_input(new_text_message("Which order is it?"))
        else:
            number = self.messages[context.context_id]
            reply = new_text_message(f"This is message {number}.", context_id=context.context_id)
            if "person" in said:
                reply.metadata.update({"handover": True})
            await event_queue.enqueue_event(reply)

    async def _found(self, task: TaskUpdater, order: str) -> None:
        await task.start_work()
        await task.add_artifact([new_text_part(f"Order {order} ")], artifact_id="found", append=False)
        await task.add_artifact([new_text_part("is on its way.")], artifact_id="found", append=True, last_chunk=True)
        await task.complete(new_text_message("Anything else?"))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        raise NotImplementedError


def application(port: int) -> Starlette:
    """Return the server, which takes protocol 1.0 and 0.3."""
    card = AgentCard(
        name="support",
        description="Answers about parcels (synthetic).",
        version="1",
        supported_interfaces=[
            AgentInterface(url=f"http://127.0.0.1:{port}/", protocol_binding="JSONRPC", protocol_version="1.0")
        ],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="parcels", name="parcels", description="Finds parcels.", tags=["support"])],
    )
    handler = DefaultRequestHandler(agent_executor=Support(), task_store=InMemoryTaskStore(), agent_card=card)
    routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True)]
    return Starlette(routes=routes)


if __name__ == "__main__":
    uvicorn.run(application(int(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
