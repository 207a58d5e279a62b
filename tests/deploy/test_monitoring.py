"""The dashboard and the alert rules ask for figures that the program gives, by names and labels that are there."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.web import web_app
from storage.figures import Figures, Queue
from storage.outbox import Priority
from tests.bot.test_around import FakeHealth

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "jemputbola.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
FUNCTIONS = {"sum", "max", "min", "rate", "increase", "time", "histogram_quantile", "by"}
BY_PROMETHEUS = {"job", "instance", "le"}
"""Labels that come from scraping, and from histograms."""
OF_PROMETHEUS = {"up"}
GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")
MATCHERS = re.compile(r"\{([^}]*)\}")
MATCHER = re.compile(r'\s*(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"\s*')
RANGE = re.compile(r"\[[^\]]*\]")
WORD = re.compile(r"[A-Za-z_:][\w:]*")


class Asked(NamedTuple):
    """What an expression names."""

    metrics: set[str]
    labels: set[str]


def read(expression: str) -> Asked:
    """Take the PromQL apart that is used here; what does not look like it fails."""
    labels = {each.strip() for found in GROUPING.findall(expression) for each in found.split(",")}
    for found in MATCHERS.findall(expression):
        names = [MATCHER.fullmatch(each) for each in found.split(",") if each]
        assert all(names), f"no matchers: {found}"
        labels |= {each[1] for each in names if each}
    bare = RANGE.sub("", MATCHERS.sub("", GROUPING.sub("", expression)))
    return Asked(set(WORD.findall(bare)) - FUNCTIONS, labels)


class Given(NamedTuple):
    """What the program shows."""

    ours: set[str]
    """Figures that are not the libraries', each once."""
    metrics: set[str]
    labels: set[str]


@pytest.fixture
async def given() -> Given:
    """Read the real page, after each kind of figure was set once."""
    metrics.show_figures(Figures(dict.fromkeys(Priority, Queue()), 0, 0, 0, 0, 0, 0))
    metrics.CHANNEL_ALIVE.labels("telegram", "1").set(1)
    metrics.SENT.labels("telegram", "sent").inc(0)
    metrics.REPORTS.labels("whatsapp", "read").inc(0)
    metrics.RECONCILED.labels("whatsapp").inc(0)
    metrics.SEND_SECONDS.labels("telegram").observe(0)
    metrics.FILES.labels("FileStored").inc(0)
    metrics.LEASE_HELD.labels("chores").set(1)
    metrics.WEBHOOK_ANSWERS.labels(200).inc(0)
    transport = httpx.ASGITransport(web_app(FakeHealth()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        page = (await client.get("/metrics")).text
    families = list(text_string_to_metric_families(page))
    samples = [sample for family in families for sample in family.samples]
    return Given(
        {each.name for each in families if each.name.startswith("jemputbola_") and not each.name.endswith("_created")},
        {each.name for each in samples} | OF_PROMETHEUS,
        {label for each in samples for label in each.labels} | BY_PROMETHEUS,
    )


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    return [each for each in dashboard["panels"] if each["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    yield from (target["expr"] for panel in panels() for target in panel["targets"])
    yield from (rule["expr"] for rule in rules())


@pytest.mark.skipif(sys.platform != "linux", reason="figures of the process come from /proc")
def test_every_expression_asks_for_figures_and_labels_that_there_are(given: Given) -> None:
    for expression in expressions():
        asked = read(expression)

        assert asked.metrics, f"asks for nothing: {expression}"
        assert asked.metrics <= given.metrics, expression
        assert asked.labels <= given.labels, expression


def family(name: str) -> str:
    """Give the figure that a sample belongs to."""
    return re.sub(r"_(bucket|count|sum|total)$", "", name)


def test_the_dashboard_or_an_alert_uses_every_figure_of_ours(given: Given) -> None:
    used = {family(name) for expression in expressions() for name in read(expression).metrics}

    assert given.ours - used == set()


def test_a_wrong_name_or_label_would_be_noticed(given: Given) -> None:
    asked = read('sum by (channel) (rate(jemputbola_turn_total{jobs=~"$job"}[5m]))')

    assert asked.metrics - given.metrics == {"jemputbola_turn_total"}
    assert asked.labels - given.labels == {"jobs"}


def test_panels_do_not_cover_each_other_and_say_what_they_show() -> None:
    covered: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

        assert not cells & covered, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        covered |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_alert_says_how_urgent_it_is_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert len(rule["annotations"]["description"]) > 40, rule["alert"]
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        by = {label for found in GROUPING.findall(rule["expr"]) for label in re.findall(r"\w+", found)}
        assert not by or named <= by, f"{rule['alert']}: the sum has no such label"
    assert len({rule["alert"] for rule in rules()}) == len(rules())
