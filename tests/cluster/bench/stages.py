"""Where the time of the Workflows in FOLDER went: for each node the mean seconds from the end of what came before it to its own
end, as Argo notes them. Nodes are listed in the order in which they ended; what is left until the Workflow's end comes last."""

import collections
import datetime
import json
import pathlib
import statistics
import sys


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def steps(workflow):
    status = workflow["status"]
    before = seconds(workflow["metadata"]["creationTimestamp"])
    pods = [node for node in status["nodes"].values() if node["type"] == "Pod" and node["phase"] == "Succeeded"]
    for node in sorted(pods, key=lambda node: (node["finishedAt"], node["startedAt"])):
        end = seconds(node["finishedAt"])
        yield node["displayName"], end - before
        before = end
    yield "until the Workflow ends", seconds(status["finishedAt"]) - before


folder = pathlib.Path(sys.argv[1])
for title, pattern in [("by Assay", "assay-*.json"), ("by hand", "hand-*.json")]:
    times = collections.defaultdict(list)
    for path in sorted(folder.glob(pattern)):
        for name, spent in steps(json.loads(path.read_text())):
            times[name].append(spent)
    print(f"{title}, mean seconds:", ", ".join(f"{name} {statistics.mean(spent):.1f}" for name, spent in times.items()))
