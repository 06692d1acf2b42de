"""Scraping a server's metrics as Prometheus does: over HTTP, in its text format."""

from __future__ import annotations

from contextlib import closing
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from waiting import until


class Scrape:
    """The metrics of one server at one moment."""

    def __init__(self, text):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def value(self, name, **labels):
        """The value of the only sample of a name with these labels; 0 without one."""
        found = [s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        assert len(found) <= 1, f"{len(found)} samples of {name} with {labels}"
        return found[0] if found else 0.0

    def total(self, name, **labels):
        """The sum of all samples of a name with these labels."""
        return sum(s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items())

    def labels(self, name):
        """The labels of each sample of a name."""
        return [sample.labels for sample in self.samples if sample.name == name]


def fetch(address, path="/metrics"):
    """What an address answers with: its text."""
    with closing(urlopen(f"http://{address}{path}", timeout=60)) as answer:
        return answer.read().decode()


def scrape(server):
    """The metrics of a server in this process."""
    return Scrape(fetch(server.app.metrics.address))


def sampled(server):
    """The same, once the database has been sampled anew."""
    server.run(server.app.metrics.sampler.take())
    return scrape(server)


def scraped_until(server, condition):
    """The first scrape that fulfils a condition."""
    found = []

    def look():
        found[:] = [scrape(server)]
        return condition(found[0])

    until(look)
    return found[0]


def moved(server, act, name, **labels):
    """By how much a sum of samples grows while something is done."""
    before = scrape(server).total(name, **labels)
    act()
    found = scraped_until(server, lambda now: now.total(name, **labels) > before)
    return found.total(name, **labels) - before
