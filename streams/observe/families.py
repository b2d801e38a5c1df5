"""Metrics as Prometheus has them, read when they are asked for; `ringfence_` is put before each name."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import TypeVar

from prometheus_client import Info
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

Labels = TypeVar("Labels", str, tuple[str, str])


def about(process: str) -> Info:
    """What runs here."""
    info = Info("ringfence", "The kind of process and its version.", registry=None)
    info.info({"process": process, "version": version("ringfence")})
    return info


def counter(name: str, text: str, value: float) -> Metric:
    """Something that only grows while the process lives."""
    return CounterMetricFamily(f"ringfence_{name}", text, value=value)


def counters(name: str, text: str, labels: Labels, values: Mapping[Labels, float]) -> Metric:
    """The same by labels; values are kept by one label or a tuple of them."""
    family = CounterMetricFamily(f"ringfence_{name}", text, labels=listed(labels))
    for of, value in values.items():
        family.add_metric(listed(of), value)
    return family


def gauge(name: str, text: str, value: float) -> Metric:
    """Something that rises and falls."""
    return GaugeMetricFamily(f"ringfence_{name}", text, value=value)


def gauges(name: str, text: str, labels: Labels, values: Mapping[Labels, float]) -> Metric:
    """The same by labels."""
    family = GaugeMetricFamily(f"ringfence_{name}", text, labels=listed(labels))
    for of, value in values.items():
        family.add_metric(listed(of), value)
    return family


def listed(labels: str | tuple[str, str]) -> list[str]:
    """One or two."""
    return [labels] if isinstance(labels, str) else list(labels)
