#!/usr/bin/env python3
"""Looks at reports in Chromium: report_browser.py RAVINE [--keep FOLDER]

Makes a study, a paper's study, a study whose labels try to break out, and a run with the program RAVINE, opens their
reports on a wide and on a narrow screen, light and dark, and without scripts, and says what is wrong with them. Exit status 77: no Chromium here. With --keep
the folders stay, and a picture of each page lies beside it.
"""

import base64
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

HOSTILE = "</script><img src=x onerror=alert(1)>"
SKIPPED = 77
FOLDERS = ("study", "paper", "hostile", "run", "acet")


class Browser:
    """A headless Chromium, spoken to through chromedriver (W3C WebDriver)."""

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the driver is on this machine

    def __init__(self, folder):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True,
                                       stderr=subprocess.DEVNULL)
        for line in self.driver.stdout:
            if started := re.search(r"successfully on port (\d+)", line):
                break
        self.address = f"http://127.0.0.1:{started[1]}/session"
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--hide-scrollbars", f"--user-data-dir={folder}"]
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        created = self.request("POST", "", {"capabilities": {"alwaysMatch": options}})
        self.address += "/" + created["sessionId"]

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self.opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def devtools(self, command, **parameters):
        return self.request("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script):
        return self.request("POST", "/execute/async", {"script": script, "args": []})

    def open(self, path, width, scheme):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                      mobile=width < 600)
        self.prefer(scheme)
        self.request("POST", "/url", {"url": path.resolve().as_uri()})

    def prefer(self, scheme):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def log(self):
        return self.request("POST", "/se/log", {"type": "browser"})

    def picture(self, path):
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        data = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self):
        with contextlib.suppress(Exception):
            self.request("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


# Runs in the page; gives a list of what is wrong.
INSPECT = (pathlib.Path(__file__).parent / "report_browser.js").read_text()


def make_folders(ravine, folder):
    """The folders of a study, of the same study as a paper's and with hostile labels, of a run, and of a study over
    several data sets."""
    def start(*arguments):
        subprocess.run([ravine, *arguments], cwd=folder, check=True, capture_output=True)

    start("compare", "spiral:examples=600", "--model", "mlp:hidden=16", "--optimizer", "adam", "--optimizer", "sgd",
          "--optimizer", "rmsprop:rho=0.95", "--epochs", "12", "--seeds", "6", "--tune", "learning_rate", "--budget", "4",
          "--train-scores", "true", "--log-every", "20", "--out", "study")
    start("train", "spiral:examples=600", "--model", "mlp:hidden=16", "--epochs", "12",
          "--optimizer", "adam:learning_rate=0.05", "--train-scores", "true", "--out", "run")
    start("reproduce", "acet", "--quick", "--only", "spiral", "--seeds", "2", "--out", "acet")
    shutil.copytree(folder / "study", folder / "hostile")
    for file in (folder / "hostile").iterdir():
        if file.suffix in (".csv", ".json"):
            file.write_text(re.sub(r"\bsgd\b", lambda _: HOSTILE, file.read_text()))
    shutil.copy(folder / "run" / "boundary.csv", folder / "hostile")
    points = (folder / "run" / "points.csv").read_text().replace(",2\n", f",{HOSTILE}\n")
    (folder / "hostile" / "points.csv").write_text(points)
    shutil.copytree(folder / "study", folder / "paper")
    description = folder / "paper" / "study.json"
    text = description.read_text().replace('"kind": "compare"', '"kind": "first-order"')
    description.write_text(re.sub(r'"target": [0-9.]+', '"target": 1.0', text))  # at the top of its figure
    (folder / "paper" / "claims.csv").write_text(
        'claim,measured,verdict\nAdam is better than SGD,"'
        + "; ".join(["adam 93.33 %, sgd 90.00 % (p 0.031)"] * 4) + '",holds in part\n')
    for name in FOLDERS:
        start("report", name)
    return [folder / name for name in FOLDERS]


def loads_something(page):
    """Whether an element outside the scripts would load a file."""
    body = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    return re.search(r"<(?!a )[a-z]+ [^>]*(src|href)=(?!\"data:)", body) is not None


# What a reader has whose browser runs no script: heights of the notice and of the tables, and the page's width.
WITHOUT_SCRIPT = """(() => {
  const height = selector => document.querySelector(selector)?.getBoundingClientRect().height ?? 0;
  return [height(".notice"), height("table"), document.documentElement.scrollWidth];
})()"""


def problems_without_script(browser, report):
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(report, 360, "light")
    notice, table, width = browser.devtools("Runtime.evaluate", expression=WITHOUT_SCRIPT,
                                            returnByValue=True)["result"]["value"]
    if notice == 0:
        yield "without scripts no notice says so"
    if table == 0:
        yield "without scripts there are no tables"
    if width > 360:
        yield f"without scripts the page is {width} pixels wide"
    browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def problems_of(browser, folder, pictures):
    report = folder / "report.html"
    if loads_something(report.read_text()):
        yield "an element loads something"
    yield from problems_without_script(browser, report)
    # A page is opened in one scheme and stays open as its reader changes to the other.
    for width, schemes in ((1200, ("light", "dark")), (360, ("dark", "light"))):
        browser.open(report, width, schemes[0])
        for scheme in schemes:
            browser.prefer(scheme)
            for problem in browser.run(INSPECT):
                yield f"{width} pixels, {scheme}: {problem}"
            for entry in browser.log():
                yield f"{width} pixels, {scheme}: {entry['level']}: {entry['message']}"
            if pictures:
                browser.request("POST", "/refresh", {})
                browser.run("const [done] = arguments; setTimeout(done, 300)")
                browser.picture(folder / f"{folder.name}-{width}-{scheme}.png")


def main():
    ravine = str(pathlib.Path(sys.argv[1]).resolve())
    keep = pathlib.Path(sys.argv[3]) if sys.argv[2:3] == ["--keep"] else None
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print("skipped: no chromium, or no chromedriver (Debian's packages chromium and chromium-driver)")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="ravine-report-") as temporary:
        folder = keep or pathlib.Path(temporary) / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        folders = make_folders(ravine, folder)
        browser = Browser(pathlib.Path(temporary) / "profile")
        try:
            problems = [f"{f.name}: {p}" for f in folders for p in problems_of(browser, f, keep is not None)]
        finally:
            browser.close()
    print("\n".join(problems) if problems else "the reports are as they should be")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
