"""naming: many processes at once, and no name twice."""

PREFIX = "/naming/orders/"


def test_eight_processes_of_hundred_names(start, eye):
    running = [start("naming", "orders", 100) for _ in range(8)]
    allocated = []
    for each in running:
        lines = each.finish()
        names = [line.removeprefix("allocated ") for line in lines]
        assert len(names) == 100
        assert names == sorted(names), "ascending"
        assert all(line.startswith(f"allocated {PREFIX}id-") for line in lines)
        allocated += names
    assert len(set(allocated)) == 800
    assert {PREFIX + name for name in eye.get_children(PREFIX)} == set(allocated)


def test_businesses_count_apart(start):
    assert start("naming", "one", 2).finish() == [
        "allocated /naming/one/id-0000000000",
        "allocated /naming/one/id-0000000001",
    ]
    assert start("naming", "two", 1).finish() == ["allocated /naming/two/id-0000000000"]
