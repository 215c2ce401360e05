"""`python -m benchmarks.rush`: who gets the tickets when a clinic's places are released, people or programs.

1,000 accounts want one of 200 places; 100 of the accounts are bots. What is simulated:

- One account, one ticket, as the service holds it. So bots that are always first get 100 of 200: 5 times their share.
- The rate limit: each account has a token bucket of 20 requests that fills by one a second; a look at the list takes
  one, a booking takes one, and what is over the limit is refused. It is the same for everyone; no citizen meets it.
- Citizens react 1 to 60 seconds after a place shows, to each place anew, all of them, however long the window. Their
  look and their booking are one moment; what has come up since they began to react they do not see.
- Bots know the limit and the announced times, and book 5 ms after they see a place. They come in three kinds:
  `hammering`: look 20 times a second, whatever the answer, from a minute before; `adaptive`: come with a full bucket,
  and look as often as it fills; `pooled`: adaptive, and what one of them sees, all of them know. Who hammers has no
  request left for the booking, and loses a second over it: that is all that the limit does by itself.
- proven: jittered, and each booking is refused first with a challenge, as the service does under pressure: by its own
  rules of how much (docs/decisions/0038-proof-of-work.md). A citizen solves on a phone of their own. All bots solve on
  one farm of 4 cores, in turn, each 2.5 times as quick as a phone; what they solve for a place that is gone meanwhile
  they leave. Such a release makes no pressure by itself: it is measured as where proofs are always asked for.
- first_come: all places show at once. jittered: each shows at a moment of its own in an announced window of an hour.
  draw: every account sends one request with ten ranked wishes; what is left over after the draw shows at once.

The draw is by the service's own rules. The figures are means of several runs with fixed seeds.
"""

import heapq
import math
import statistics
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from uuid import UUID

from rich.console import Console
from rich.table import Table

from benchmarks.bars import met
from schemas.draws import RecordedRequest, RecordedSlot
from service.core.limits import DEFAULTS, decide, rate_of
from service.core.proofs import COUNTERS, counters_at
from service.draws.rules import close, draw, seed_hash
from service.schedules.rules import chance

ACCOUNTS, BOTS, PLACES = 1000, 100, 200
BURST, REFILLED_PER_SECOND = 20, 1.0
SLOWEST_SECONDS, QUICKEST_SECONDS = 60.0, 1.0
HAMMER_SECONDS, BOOKING_SECONDS, HAMMER_BEFORE_SECONDS = 0.05, 0.005, 60.0
MOST_DELAY_SECONDS = 0.02
WINDOW_SECONDS, WISHES = 3600.0, 10
# Of a challenge at the least, on the average: benchmarks/proof.py.
PHONE_SECONDS, FARM_SECONDS, FARM_CORES = 0.5, 0.2, 4
ATTEMPTS = rate_of(DEFAULTS["attempts"])
BARS = {"jittered": 2.0, "proven": 2.0, "draw": 1.1}
# Chance alone moves a draw by a fifth of the bots' share; of the others it moves little.
RUNS = {"first_come": 3, "jittered": 3, "proven": 3, "draw": 40}


@dataclass
class Bucket:
    """An account's rate limit."""

    tokens: float = BURST
    at: float = -math.inf

    def take(self, now: float) -> bool:
        """Whether a request passes; one that does not costs nothing."""
        self._fill(now)
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def seconds_until_one(self, now: float) -> float:
        self._fill(now)
        return max(0.0, (1 - self.tokens) / REFILLED_PER_SECOND)

    def _fill(self, now: float) -> None:
        if now > self.at:
            gained = (now - self.at) * REFILLED_PER_SECOND if math.isfinite(self.at) else BURST
            self.tokens, self.at = min(BURST, self.tokens + gained), now


@dataclass
class Release:
    """The clinic's places, what happens when, and who got a ticket. Accounts below BOTS are bots."""

    random: Random
    # And since when it shows.
    free: dict[int, float] = field(default_factory=dict[int, float])
    holders: dict[int, int] = field(default_factory=dict[int, int])
    shows_at_once: bool = True
    served: set[int] = field(default_factory=set[int])
    buckets: list[Bucket] = field(default_factory=lambda: [Bucket() for _ in range(ACCOUNTS)])
    _events: list[tuple[float, int, Callable[[float], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[float], None]]]
    )
    _numbers: "count[int]" = field(default_factory=count)
    proofs: "Proofs | None" = None

    def at(self, when: float, happens: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happens))

    def run(self) -> None:
        """Until no place is left, or nothing more will happen."""
        while self._events and len(self.holders) < PLACES:
            now, _, happens = heapq.heappop(self._events)
            happens(now)

    def show(self, places: Sequence[int]) -> Callable[[float], None]:
        def happens(shown: float) -> None:
            self.free.update(dict.fromkeys(places, shown))
            for citizen in range(BOTS, ACCOUNTS):
                if citizen not in self.served:
                    reaction = self.random.uniform(QUICKEST_SECONDS, SLOWEST_SECONDS)
                    self.at(shown + reaction, lambda now, citizen=citizen: self._react(citizen, shown, now))

        return happens

    def any_free(self) -> int | None:
        """A free place, each as likely as any other."""
        return self.random.choice(list(self.free)) if self.free else None

    def book(self, account: int, place: int) -> bool:
        if account in self.served or place not in self.free:
            return False
        del self.free[place]
        self.holders[place] = account
        self.served.add(account)
        return True

    def _react(self, citizen: int, began: float, now: float) -> None:
        seen = [place for place, shown in self.free.items() if shown <= began]
        if seen:
            place = self.random.choice(seen)

            def claim(_then: float) -> None:
                self.book(citizen, place)

            self.paid(citizen, place, now, claim)

    def paid(self, account: int, place: int, now: float, then: Callable[[float], None]) -> None:
        """What comes then, at once or when a proof is there."""
        if self.proofs is None:
            then(now)
        else:
            self.proofs.solve(account, place, now, then)

    @property
    def bots_share(self) -> float:
        return sum(account < BOTS for account in self.holders.values()) / PLACES


@dataclass
class Proofs:
    """Who has to solve how much, and how long it takes them."""

    release: Release
    # When each account would be through with its challenges, as the service keeps it; nanoseconds.
    attempted: dict[int, int] = field(default_factory=dict[int, int])
    # Of the farm: cores that have nothing to do, and what waits for one.
    idle: int = FARM_CORES
    waiting: deque[tuple[int, float, Callable[[float], None]]] = field(
        default_factory=deque[tuple[int, float, Callable[[float], None]]]
    )

    def solve(self, account: int, place: int, now: float, then: Callable[[float], None]) -> None:
        seconds = self._times(account, now) * self.release.random.uniform(0, 2)
        if account >= BOTS:
            self.release.at(now + PHONE_SECONDS * seconds, then)
        else:
            self.waiting.append((place, FARM_SECONDS * seconds, then))
            self._work(now)

    def _times(self, account: int, now: float) -> float:
        """How many times as much as at the least."""
        assert ATTEMPTS is not None
        # The simulation begins before 0.
        nanoseconds = int((now + 1_000_000) * 1e9)
        allowance, kept = decide(ATTEMPTS, self.attempted.get(account, 0), nanoseconds)
        self.attempted[account] = kept
        return counters_at(allowance.remaining) / COUNTERS

    def _work(self, now: float) -> None:
        while self.idle and self.waiting:
            place, seconds, then = self.waiting.popleft()
            if place not in self.release.free:
                # The bot goes on as if it had been refused.
                then(now)
                continue
            self.idle -= 1
            self.release.at(now + seconds, lambda end, then=then: self._solved(end, then))

    def _solved(self, now: float, then: Callable[[float], None]) -> None:
        self.idle += 1
        then(now)
        self._work(now)


# The bots ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bot:
    """Looks until it sees a place, books it, and looks again where another was quicker."""

    release: Release
    account: int
    # From one look to the next, and to a request that the limit refused.
    every_seconds: float
    again_seconds: float

    def look(self, now: float) -> None:
        if self.account in self.release.served:
            return
        if not self._bucket.take(now):
            self._when_it_passes(now, self.look)
        elif (place := self.release.any_free()) is None:
            self._after(now, self.every_seconds, self.look)
        else:
            self.release.at(now + BOOKING_SECONDS, lambda then: self.book(place, then))

    def book(self, place: int, now: float) -> None:
        if not self._bucket.take(now):
            self._when_it_passes(now, lambda then: self.book(place, then))
        else:
            self.release.paid(self.account, place, now, lambda then: self._claim(place, then))

    def _claim(self, place: int, now: float) -> None:
        if not self.release.book(self.account, place):
            self.release.at(now + BOOKING_SECONDS, self.look)

    def _when_it_passes(self, now: float, what: Callable[[float], None]) -> None:
        """At the first of its repetitions that the limit lets pass; those before change nothing."""
        repetitions = math.ceil(self._bucket.seconds_until_one(now) / self.again_seconds)
        self._after(now, max(1, repetitions) * self.again_seconds, what)

    def _after(self, now: float, seconds: float, what: Callable[[float], None]) -> None:
        """On a way that is not always equally quick: or a bot would for ever look at the same fraction of a second."""
        self.release.at(now + seconds + self.release.random.uniform(0, MOST_DELAY_SECONDS), what)

    @property
    def _bucket(self) -> Bucket:
        return self.release.buckets[self.account]


def hammering(release: Release) -> None:
    for account in range(BOTS):
        bot = Bot(release, account, every_seconds=HAMMER_SECONDS, again_seconds=HAMMER_SECONDS)
        # Not all in step: a bucket lets each of them through at its own time in the second.
        release.at(-HAMMER_BEFORE_SECONDS - release.random.uniform(0, 1 / REFILLED_PER_SECOND), bot.look)


def adaptive(release: Release) -> None:
    """Each at its own time in the second, but all at the very moment of the release."""
    every_seconds = 1 / REFILLED_PER_SECOND
    for account in range(BOTS):
        bot = Bot(release, account, every_seconds, again_seconds=0.001)
        if release.shows_at_once:
            release.at(BOOKING_SECONDS, bot.look)
        else:
            release.at(release.random.uniform(0, every_seconds), bot.look)


def pooled(release: Release) -> None:
    """One after the other looks, evenly over the second; each place that shows is booked by another one at once."""
    left = list(range(BOTS))

    def look(now: float) -> None:
        looks = left.pop(0)
        left.append(looks)
        seen = list(release.free)[: len(left)] if release.buckets[looks].take(now) else []
        for place in seen:
            buyer = left.pop(0)
            release.at(now + BOOKING_SECONDS, lambda then, buyer=buyer, place=place: book(buyer, place, then))
        if left:
            release.at(now + 1 / REFILLED_PER_SECOND / len(left), look)

    def book(bot: int, place: int, now: float) -> None:
        if release.buckets[bot].take(now):
            release.paid(bot, place, now, lambda _then: claim(bot, place))
        else:
            left.append(bot)

    def claim(bot: int, place: int) -> None:
        if not release.book(bot, place):
            left.append(bot)

    release.at(BOOKING_SECONDS, look)


KINDS: Mapping[str, Callable[[Release], None]] = {"hammering": hammering, "adaptive": adaptive, "pooled": pooled}


# The policies ------------------------------------------------------------------------------------------------------


def first_come(seed: int, bots: Callable[[Release], None]) -> float:
    release = Release(Random(seed))
    return _released(release, {0.0: range(PLACES)}, bots)


def proven(seed: int, bots: Callable[[Release], None]) -> float:
    release = Release(Random(seed))
    release.proofs = Proofs(release)
    return _jittered(release, bots)


def jittered(seed: int, bots: Callable[[Release], None]) -> float:
    return _jittered(Release(Random(seed)), bots)


def _jittered(release: Release, bots: Callable[[Release], None]) -> float:
    key, shown = release.random.randbytes(32), defaultdict[float, list[int]](list)
    for place in range(PLACES):
        shown[_moment(key, place)].append(place)
    return _released(release, shown, bots)


def _moment(key: bytes, place: int) -> float:
    """As schedules derive it: from a keyed hash of the slot's id, in whole seconds of the window."""
    return float(int(WINDOW_SECONDS * chance(key, f"s{place}")))


def drawn(seed: int, bots: Callable[[Release], None]) -> float:
    """Then what nobody drew, for those who drew nothing."""
    release = Release(Random(seed))
    slots = [RecordedSlot(id=UUID(int=place), places=1) for place in range(PLACES)]
    accounts = {UUID(int=release.random.getrandbits(128), version=4): account for account in range(ACCOUNTS)}
    requests = [
        RecordedRequest(id=request, wishes=[slot.id for slot in release.random.sample(slots, WISHES)])
        for request in accounts
    ]
    secret = release.random.randbytes(32)
    record = draw(close(UUID(int=seed), seed_hash(secret), slots, requests), secret)
    for result in record.results:
        if result.slot_id is not None:
            release.free[result.slot_id.int] = 0.0
            release.book(accounts[result.request_id], result.slot_id.int)
    left = [place for place in range(PLACES) if place not in release.holders]
    return _released(release, {0.0: left}, bots)


def _released(release: Release, shown: Mapping[float, Sequence[int]], bots: Callable[[Release], None]) -> float:
    """The bots' share of the tickets, when the places have shown at their moments."""
    release.shows_at_once = len(shown) == 1
    for moment, places in shown.items():
        release.at(moment, release.show(places))
    bots(release)
    release.run()
    return release.bots_share


POLICIES = {"first_come": first_come, "jittered": jittered, "proven": proven, "draw": drawn}


@dataclass(frozen=True)
class Share:
    """The bots' share of the tickets, of all runs; how many times their share of the accounts that is."""

    of_tickets: Sequence[float]

    @property
    def mean(self) -> float:
        return statistics.mean(self.of_tickets)

    @property
    def ratio(self) -> float:
        return self.mean / (BOTS / ACCOUNTS)


def measure() -> dict[tuple[str, str], Share]:
    """By policy and kind of bots."""
    return {
        (policy, kind): Share([release(seed, bots) for seed in range(RUNS[policy])])
        for policy, release in POLICIES.items()
        for kind, bots in KINDS.items()
    }


def table(shares: Mapping[tuple[str, str], Share]) -> Table:
    made = Table("release", "bots", "of the tickets", "of their share of accounts", "bar", "")
    for (policy, kind), share in shares.items():
        bar = BARS.get(policy)
        judged = (f"<= {bar}", met(share.ratio <= bar)) if bar else ("as it is", "")
        made.add_row(policy, kind, f"{share.mean:.1%}", f"{share.ratio:.2f}", *judged, end_section=kind == "pooled")
    return made


if __name__ == "__main__":
    Console().print(table(measure()))
