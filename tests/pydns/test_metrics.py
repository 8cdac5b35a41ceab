from pydns.metrics import Metrics


def test_a_counter_counts_by_its_labels() -> None:
    counter = Metrics().counter("pydns_x_total", "What x is.", "server", "type")
    counter.add("dns://:53", "A")
    counter.add("dns://:53", "A", amount=2)
    counter.add("dns://:53", "MX")
    assert counter.values == {("dns://:53", "A"): 3, ("dns://:53", "MX"): 1}


def test_a_metric_without_labels_is_one_number() -> None:
    gauge = Metrics().gauge("pydns_x", "What x is.")
    gauge.set(to=4)
    assert gauge.value() == 4


def test_a_value_that_was_never_counted_is_0() -> None:
    assert Metrics().counter("pydns_x_total", "What x is.", "server").value("dns://:53") == 0


def test_a_name_asked_for_twice_is_one_metric() -> None:
    metrics = Metrics()
    first = metrics.counter("pydns_x_total", "What x is.")
    assert metrics.counter("pydns_x_total", "What x is.") is first


def test_metrics_are_read_in_the_order_they_came() -> None:
    metrics = Metrics()
    made = [metrics.counter("pydns_b_total", "b"), metrics.gauge("pydns_a", "a")]
    assert [*metrics.read()] == made


def test_a_metric_tells_its_kind_and_labels() -> None:
    metric = Metrics().gauge("pydns_x", "What x is.", "server")
    assert (metric.name, metric.help, metric.kind, metric.labels) == ("pydns_x", "What x is.", "gauge", ("server",))


def test_who_counts_in_batches_hands_in_before_reading() -> None:
    metrics = Metrics()
    counter = metrics.counter("pydns_x_total", "What x is.")
    metrics.before_reading(lambda: counter.set(to=7))
    assert [metric.value() for metric in metrics.read()] == [7]


def test_a_hook_may_be_forgotten() -> None:
    metrics = Metrics()
    called: list[None] = []

    def hook() -> None:
        called.append(None)

    metrics.before_reading(hook)
    metrics.forget(hook)
    metrics.forget(hook)
    assert ([*metrics.read()], called) == ([], [])


def test_values_fall_into_buckets() -> None:
    histogram = Metrics().histogram("pydns_x", "What x is.", "server", bounds=(1, 2, 5))
    for value in (0.5, 1, 1.5, 5, 6):
        histogram.observe("a", value=value)
    assert (histogram.counts, histogram.sums) == ({("a",): [2, 1, 1, 1]}, {("a",): 14})


def test_buckets_that_were_filled_elsewhere_are_added() -> None:
    histogram = Metrics().histogram("pydns_x", "What x is.", bounds=(1, 2))
    filled = [1, 0, 3]
    histogram.add(counts=filled, total=10)
    filled[0] = 100  # it is its own that the other goes on with
    histogram.add(counts=[1, 1, 1], total=5)
    assert (histogram.counts, histogram.sums) == ({(): [2, 1, 4]}, {(): 15})


def test_counts_of_buckets_are_never_changed_under_who_reads_them() -> None:
    histogram = Metrics().histogram("pydns_x", "What x is.", bounds=(1,))
    histogram.observe(value=1)
    read = histogram.counts[()]
    histogram.observe(value=1)
    assert read == [1, 0]


def test_a_histogram_asked_for_twice_is_one() -> None:
    metrics = Metrics()
    first = metrics.histogram("pydns_x", "What x is.", bounds=(1,))
    assert metrics.histogram("pydns_x", "What x is.", bounds=(1,)) is first


def test_histograms_are_read_with_the_others() -> None:
    metrics = Metrics()
    histogram, gauge = metrics.histogram("pydns_x", "x", bounds=(1,)), metrics.gauge("pydns_y", "y")
    assert {*metrics.read()} == {histogram, gauge}


def test_metrics_that_come_while_they_are_read_break_nothing() -> None:
    metrics = Metrics()
    metrics.counter("pydns_a_total", "a")
    for metric in metrics.read():
        metrics.counter(f"{metric.name}_b", "b")


def test_who_hands_in_to_others_that_hand_in_comes_first() -> None:
    metrics, called = Metrics(), []
    metrics.before_reading(lambda: called.append("second"))
    metrics.before_reading(lambda: called.append("first"), first=True)
    list(metrics.read())
    assert called == ["first", "second"]


def test_gauges_of_what_others_know_now_can_be_forgotten() -> None:
    metrics = Metrics()
    counter, info = metrics.counter("pydns_x_total", ""), metrics.gauge("pydns_x_info", "")
    open_now = metrics.gauge("pydns_x_open", "", merge="sum")
    for each in (counter, info, open_now):
        each.set(to=1)
    metrics.forget_states()
    assert [each.values for each in (counter, info, open_now)] == [{(): 1}, {}, {(): 1}]


def test_counters_are_summed_and_gauges_are_the_highest_unless_they_say_so() -> None:
    metrics = Metrics()
    assert metrics.counter("pydns_x_total", "").merge == "sum"
    assert metrics.gauge("pydns_x_info", "").merge == "max"
    assert metrics.gauge("pydns_x_open", "", merge="sum").merge == "sum"
