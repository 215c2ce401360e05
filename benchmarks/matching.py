"""`python -m benchmarks.matching`: how long the matching of a whole region takes, and what it needs.

20,000 children with five wishes each among 3,000 groups. The baseline is a plain pass over the same wishes, in the same
run. It is also said how long the loop of the process that started it was ever held up meanwhile, which is what the
worker's other jobs would feel: of the matching in a thread, and in a process of its own, as the service does it.
"""

import argparse
import asyncio
import hashlib
import json
import resource
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from random import Random
from uuid import UUID

from rich.console import Console

from benchmarks.bars import met
from schemas.campaigns import CampaignClosing, RecordedGroup, RecordedWish
from service.campaigns.processes import in_a_process
from service.campaigns.rules import close, match_text, matched

_MOST_SECONDS = 10.0
_MEGABYTE = 1024 * 1024
_SEED = bytes(range(32))


def _closing(children: int, wishes: int, groups: int) -> CampaignClosing:
    """Popular groups are wished for more than others, and there are places for nine children of ten."""
    random = Random(20260901)
    ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(groups)]
    popularity = [1 / (1 + number) ** 0.5 for number in range(groups)]
    places = [max(1, round(children * 0.9 / groups)) for _ in ids]
    given: list[RecordedWish] = []
    for _ in range(children):
        wished = list(dict.fromkeys(random.choices(ids, popularity, k=2 * wishes)))[:wishes]
        weights = [random.choice([0, 0, 0, 10, 25]) for _ in wished]
        given.append(RecordedWish(id=UUID(int=random.getrandbits(128), version=4), groups=wished, weights=weights))
    recorded = [RecordedGroup(id=one, places=room) for one, room in zip(ids, places, strict=True)]
    return close(UUID(int=1), hashlib.sha256(_SEED).hexdigest(), recorded, given)


def _plain_pass(closing: CampaignClosing) -> int:
    pairs = (pair for wish in closing.wishes for pair in zip(wish.groups, wish.weights, strict=True))
    return sum(weight + len(group.bytes) for group, weight in pairs)


def _seconds(rounds: int, work: Callable[[], object]) -> float:
    found: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


async def _held_up(work: Awaitable[object]) -> tuple[float, float]:
    """Seconds that it takes, and the longest time that the loop did not come round meanwhile."""
    longest, over = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        before = time.perf_counter()
        while not over.is_set():
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)
            before = time.perf_counter()

    watching = asyncio.create_task(watch())
    began = time.perf_counter()
    await work
    seconds = time.perf_counter() - began
    over.set()
    await watching
    return seconds, longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in (("children", 20_000), ("wishes", 5), ("groups", 3000), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=size)
    asked = parser.parse_args()
    say = Console().print
    closing = _closing(asked.children, asked.wishes, asked.groups)
    places = {group.id: group.places for group in closing.groups}
    wishes = [(wish.groups, wish.weights) for wish in closing.wishes]
    total = sum(len(groups) for groups, _ in wishes)
    say(f"{asked.children} children, {total} wishes, {asked.groups} groups with {sum(places.values())} places")

    algorithm = _seconds(asked.rounds, lambda: matched(places, wishes))
    plain = _seconds(asked.rounds, lambda: _plain_pass(closing))
    say(
        f"  the matching alone             {algorithm:.3f} s, "
        f"{algorithm / plain:.1f} times a plain pass ({plain:.3f} s)"
    )

    text = closing.model_dump_json()
    whole = _seconds(asked.rounds, lambda: match_text(text, _SEED, 1000))
    say(f"  read, drawn, matched, written  {whole:.2f} s {met(whole < _MOST_SECONDS)} ({_MOST_SECONDS:.0f} s)")
    found = json.loads(match_text(text, _SEED, 1000)[0])["matches"]
    ranks = [one["rank"] for one in found]
    say(f"  of them {sum(rank is not None for rank in ranks)} have a place, {ranks.count(1)} the one ranked first")

    tracemalloc.start()
    matched(places, wishes)
    peak = tracemalloc.get_traced_memory()[1] / _MEGABYTE
    tracemalloc.reset_peak()
    match_text(text, _SEED, 1000)
    peak_whole = tracemalloc.get_traced_memory()[1] / _MEGABYTE
    tracemalloc.stop()
    say(f"  memory at its peak             {peak:.1f} MB the matching alone, {peak_whole:.0f} MB all of it")

    for name, work in (
        ("a thread", asyncio.to_thread(match_text, text, _SEED, 1000)),
        ("a process", in_a_process(match_text, text, _SEED, 1000)),
    ):
        seconds, longest = asyncio.run(_held_up(work))
        say(f"  in {name:<10} {seconds:.2f} s, and the loop was held up for {1000 * longest:.0f} ms at most")
    # Until it is gone it does not count.
    time.sleep(1)
    rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    say(f"  the process had {rss:.0f} MB at its peak")


if __name__ == "__main__":
    main()
