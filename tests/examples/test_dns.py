"""dns: load goes to all who live, and to nobody else."""

import re
from collections import Counter

from examples.programs import SESSION_SECONDS

ADDRESSES = [f"10.0.0.{host}:80" for host in (1, 2, 3)]


def provide(start, *addresses):
    """Providers of `web`, registered."""
    found = [start("dns", "provide", "web", address) for address in addresses]
    for each, address in zip(found, addresses, strict=True):
        each.expect(re.escape(f"registered web {address}"))
    return found


def resolved(*addresses):
    """The line that names exactly these."""
    return f"resolve web [{', '.join(sorted(addresses))}]"


def await_calls(resolver, after_line, count):
    """Until so many calls came after the last such line; counts them by address."""

    def calls(lines):
        if after_line not in lines:
            return None
        since = lines[len(lines) - lines[::-1].index(after_line) :]
        called = [line.removeprefix("call ") for line in since if line.startswith("call ")]
        return Counter(called) if len(called) >= count else None

    return resolver.lines.wait(calls, f"{count} calls after {after_line}")


def test_calls_are_spread_over_the_living(start):
    resolver = start("dns", "resolve", "web")
    resolver.expect(re.escape(resolved()))
    providers = provide(start, *ADDRESSES)
    resolver.expect(re.escape(resolved(*ADDRESSES)))
    calls = await_calls(resolver, resolved(*ADDRESSES), 20)
    assert set(calls) == set(ADDRESSES)
    assert max(calls.values()) - min(calls.values()) <= 1

    providers[1].kill()
    left = [ADDRESSES[0], ADDRESSES[2]]
    resolver.expect(re.escape(resolved(*left)), SESSION_SECONDS + 2)
    calls = await_calls(resolver, resolved(*left), 20)
    assert set(calls) == set(left), "the dead one is never called again"
    assert max(calls.values()) - min(calls.values()) <= 1

    assert providers[0].terminate() == 0
    resolver.expect(re.escape(resolved(ADDRESSES[2])), seconds=1)


def test_a_provider_that_comes_back_at_once_stays(start, eye):
    path = f"/dns/web/{ADDRESSES[0]}"
    (first,) = provide(start, ADDRESSES[0])
    before = eye.exists(path)
    first.kill()
    provide(start, ADDRESSES[0])
    data, stat = eye.get(path)
    assert data == ADDRESSES[0].encode()
    assert stat.ephemeralOwner not in (0, before.ephemeralOwner), "not what the old session owns"
