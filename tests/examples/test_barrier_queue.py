"""barrier_queue: nothing is merged before all parts are there, and then all of them."""

import re

from examples.programs import SESSION_SECONDS
from support.servers import wait_until


def worker(start, value, place):
    """A worker that has said that it is there."""
    started = start("barrier_queue", "worker", value)
    started.expect(re.escape(f"arrived {place}"))
    return started


def test_the_last_part_opens_it_and_the_dead_do_not_count(start, eye):
    merging = start("barrier_queue", "merge")
    first = worker(start, "r1", "1/3")
    dying = worker(start, "lost", "2/3")
    dying.kill()
    gone_within = SESSION_SECONDS + 2
    wait_until(lambda: len(eye.get_children("/barrier")) == 1, gone_within, "the dead one's goes")
    second = worker(start, "r2", "2/3")
    assert merging.lines.all() == []
    third = start("barrier_queue", "worker", "r3")
    assert merging.finish() == ["merge [r1, r2, r3]"]
    assert third.finish() == ["arrived 3/3"]
    for each in (first, second):
        each.finish()
    assert eye.get_children("/barrier") == []


def test_another_threshold_counts_from_now_on(start, eye):
    merging = start("barrier_queue", "merge")
    worker(start, "r1", "1/3")
    eye.set("/barrier", b"4")
    worker(start, "r2", "2/4")
    worker(start, "r3", "3/4")
    worker(start, "r4", "4/4")
    assert merging.finish() == ["merge [r1, r2, r3, r4]"]

    merging = start("barrier_queue", "merge")
    worker(start, "s1", "1/4")
    worker(start, "s2", "2/4")
    eye.set("/barrier", b"2")
    assert merging.finish() == ["merge [s1, s2]"]


def test_all_at_once(start, eye):
    eye.create("/barrier", b"8")
    merging = start("barrier_queue", "merge")
    workers = [start("barrier_queue", "worker", f"r{n}") for n in range(8)]
    (line,) = merging.finish()
    assert sorted(line[len("merge [") : -1].split(", ")) == [f"r{n}" for n in range(8)]
    for each in workers:
        (line,) = each.finish()
        assert re.fullmatch("arrived [1-8]/8", line)


def test_a_threshold_that_is_no_number(start, eye):
    eye.create("/barrier", b"many")
    merging = start("barrier_queue", "merge")
    assert merging.wait() == 1
    assert merging.errors() == "/barrier holds no number\n"
