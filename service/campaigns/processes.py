"""A process for what takes seconds of computing: a thread would hold the interpreter, and with it all other jobs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar, TypeVarTuple

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


async def in_a_process(work: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """What `work`, a function of a module, gives for the arguments. The process is new, and gone afterwards."""
    # Not forked: this process has a running loop, and connections.
    pool = ProcessPoolExecutor(1, get_context("spawn"))
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
    finally:
        # Waiting for its end would hold up the loop.
        pool.shutdown(wait=False, cancel_futures=True)
