"""Gives the readings to prometheus-client at each scrape."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from exam_sessions.execution.measures import Distribution
from exam_sessions.telemetry.catalogue import FAMILIES, Family, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from exam_sessions.telemetry.readings import Reading


class ReadingsCollector(Collector):
    """Every family, with the values that the sources give; a family without values has its help at least."""

    def __init__(self, sources: Sequence[Callable[[], Iterable[Reading]]]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """The families, in the order of the catalogue."""
        metrics = {family: Metric(_base_name(family), family.help, family.kind.value) for family in FAMILIES}
        for source in self._sources:
            for family, values, value in source():
                labels = dict(zip(family.labels, values, strict=True))
                if isinstance(value, Distribution):
                    _add_buckets(metrics[family], family.name, labels, value)
                else:
                    metrics[family].add_sample(family.name, labels, float(value))
        return iter(metrics.values())


def _base_name(family: Family) -> str:
    """The name without the suffix of counters, which the library adds."""
    return family.name.removesuffix("_total") if family.kind is Kind.COUNTER else family.name


def _add_buckets(metric: Metric, name: str, labels: dict[str, str], values: Distribution) -> None:
    """Adds a histogram: its buckets, each with all that are below, how many values there are, and their sum."""
    total = values.total
    counts = list(accumulate(values.counts.copy()))
    for bound, count in zip((*map(str, map(float, values.bounds)), "+Inf"), counts, strict=True):
        metric.add_sample(f"{name}_bucket", labels | {"le": bound}, count)
    metric.add_sample(f"{name}_count", labels, counts[-1])
    metric.add_sample(f"{name}_sum", labels, total)
