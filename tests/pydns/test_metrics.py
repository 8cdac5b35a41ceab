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
