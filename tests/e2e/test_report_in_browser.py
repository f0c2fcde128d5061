#!/usr/bin/env python3
"""The reports of medperf-metrics, of a hostile container and of a hostile preparation, as a browser shows them (Chromium, without a window): no complaint, no
sideways scrolling on a phone, everything within reach of the keyboard, contrast, names of pictures, order of headings, names of columns.
Use: test_report_in_browser.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only; needs Debian's chromium and chromium-driver."""
import json, os, pathlib, re, shutil, subprocess, sys, tempfile, time, urllib.error, urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release").resolve() / "src/apps/medperf-metrics"
DATA = TOP / "tests/data/brain-tumour"
sys.path.insert(0, str(TOP / "tests/support"))
import small_study  # noqa: E402
from patience import wait_for  # noqa: E402

TAB, RIGHT = "\ue004", "\ue014"
PHONE, DESK = (360, 800), (1280, 900)
counts = {True: 0, False: 0}

# Every piece of text with the contrast to what is behind it, and its size on the screen.
TEXTS = """
const light = c => { const p = c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]; };
const colour = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
const behind = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor);
  if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode, parent = node.parentElement, style = getComputedStyle(parent);
  if (!node.data.trim() || ['title', 'desc', 'style'].includes(parent.tagName.toLowerCase())) continue;
  const picture = parent.closest('svg');
  const ink = colour(picture ? style.fill : style.color), [a, b] = [light(ink), light(behind(parent))].sort((x, y) => y - x);
  const scale = picture ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
  const box = picture ? parent.getBBox() : null, view = picture ? picture.viewBox.baseVal : null;
  found.push([node.data.trim().slice(0, 40), (a + 0.05) / (b + 0.05), parseFloat(style.fontSize) * scale,
    !picture || (box.x >= 0 && box.y >= 0 && box.x + box.width <= view.width && box.y + box.height <= view.height)]);
}
return found;
"""

# Numbers that are broken over two lines, in tables that fit on paper.
BROKEN = """
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), part = document.createRange();
while (walk.nextNode()) {
  const node = walk.currentNode;
  if (!node.parentElement.closest('table:not(.wide) td')) continue;
  for (const word of node.data.matchAll(/[^\\s]*\\d[^\\s-]*/g)) {
    part.setStart(node, word.index); part.setEnd(node, word.index + word[0].length);
    if (part.getClientRects().length > 1 && /^-?[\\d.]+(e-?\\d+)?$/.test(word[0])) found.push(word[0]);
  }
}
return found;
"""
PAPER = (718, 1046)  # what is printed on of an A4 page, in CSS pixels


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


class Browser:
    """Chromium by WebDriver (W3C), spoken with the standard library."""

    def __init__(self, folder):
        self.log = (folder / "driver.log").open("w+")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=self.log, stderr=subprocess.STDOUT,
                                       env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder)})
        self.address = None
        for _ in range(1800):
            port = re.search(r"started successfully on port (\d+)", (folder / "driver.log").read_text())
            if port:
                self.address = f"http://127.0.0.1:{port.group(1)}"
                break
            time.sleep(0.1)
        chrome = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           f"--user-data-dir={folder / 'profile'}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + self.session + path, data, {"Content-Type": "application/json"},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"chromedriver: {error.read().decode()[:500]}")

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def tools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.tools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                   mobile=width < 600)

    def press(self, key):
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def close(self):
        if self.session:
            self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def look_at(browser, name, page):
    browser.size(*DESK)
    browser.call("POST", "/url", {"url": page.as_uri()})
    said = [entry["message"] for entry in browser.call("POST", "/se/log", {"type": "browser"})]
    expect(f"{name}: the browser says nothing", not said, said[:3])
    nameless = [node["nodeId"] for node in browser.tools("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]
                and node["role"]["value"] in ("image", "img", "region") and not node["name"]["value"].strip()]
    expect(f"{name}: pictures and regions have names", not nameless, nameless)
    levels = browser.run("return [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    expect(f"{name}: one title, and headings without a leap", levels[:1] == [1] and levels.count(1) == 1 and
           all(after - before <= 1 for before, after in zip(levels, levels[1:])), levels)
    bare = browser.run("return [...document.querySelectorAll('table')].filter(t => ![...t.rows[0].cells].every(c => c.tagName == 'TH' && "
                       "c.scope == 'col')).map(t => t.innerText.slice(0, 60))")
    expect(f"{name}: every column of a table has its name", not bare, bare[:3])
    for width, height in (DESK, PHONE):
        browser.size(width, height)
        wide = browser.run("return document.documentElement.scrollWidth")
        expect(f"{name}: no sideways scrolling on {width} pixels", wide <= width, wide)
        texts = browser.run(TEXTS)
        faint = [t for t in texts if t[1] < 4.5]
        expect(f"{name}: {len(texts)} texts of contrast 4.5 or more on {width}", texts and not faint, faint[:3])
        small = [t for t in texts if t[2] < 11]
        expect(f"{name}: no text below 11 pixels on {width}", not small, small[:3])
        cut = [t[0] for t in texts if not t[3]]
        expect(f"{name}: no text of a picture is cut off", not cut, cut[:3])
    browser.tools("Emulation.setEmulatedMedia", media="print")
    browser.size(*PAPER)
    wide, broken = browser.run("return document.documentElement.scrollWidth"), browser.run(BROKEN)
    expect(f"{name}: fits on paper", wide <= PAPER[0], wide)
    expect(f"{name}: no number is broken on paper", not broken, broken[:3])
    browser.tools("Emulation.setEmulatedMedia", media="")
    browser.size(*PHONE)
    by_keyboard(browser, name)


def by_keyboard(browser, name):
    """Tab reaches each table in order and shows where it is; arrows scroll a wide one."""
    regions = browser.run("return document.querySelectorAll('.scroll').length")
    reached, outlined, moved = [], True, True
    browser.run("document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(regions):
        browser.press(TAB)
        at, outline, more = browser.run("const e = document.activeElement; return [[...document.querySelectorAll('.scroll')]"
                                        ".indexOf(e), getComputedStyle(e).outlineStyle, e.scrollWidth - e.clientWidth]")
        reached.append(at)
        outlined &= outline != "none"
        if more > 1:
            browser.press(RIGHT)
            moved &= bool(wait_for(lambda: browser.run("return document.activeElement.scrollLeft") > 0, 60))
    expect(f"{name}: Tab reaches every table in order", reached == list(range(regions)) and regions > 0, reached)
    expect(f"{name}: the focus is seen", outlined)
    expect(f"{name}: arrows scroll wide tables", moved)


def reports(work):
    """A report of each kind, with names as long and odd as people give them."""
    rows = ["case_id,prediction,reference,patient,group"]
    for site in ("site-a", "site-b"):
        for path in sorted((DATA / site).glob("*-20.nii.gz")):
            rows.append(f"{'x' * 90}-{site}-{path.name},{path},{path.with_name('consensus_simple.nii.gz')},{site},scanner")
    rows.append(f"gone,{work / ('gone' * 30)}.nii.gz,{DATA / 'site-a/scan-20.nii.gz'},p,")
    (work / "cases.csv").write_text("\n".join(rows) + "\n")
    numbers = [(f"c{i}", (i * 37 % 101) / 101, int((i * 53 + i * i) % 7 < 3)) for i in range(120)]
    (work / "p.csv").write_text("case_id,score\n" + "".join(f"{c},{s}\n" for c, s, _ in numbers))
    (work / "l.csv").write_text("case_id,label\n" + "".join(f"{c},{y}\n" for c, _, y in numbers))
    (work / "n.csv").write_text("case_id,prediction,reference\n" + "".join(f"{c},{s * 40},{s * 38 + y}\n" for c, s, y in numbers))
    for name, count in (("classes", 4), ("many", 50)):
        called = [f"a-class-with-a-long-name-{k}" for k in range(count)]
        weights = [[(i * 37 + k * 11) % 101 + (90 if i % count == k else 0) for k in range(count)] for i in range(300)]
        (work / f"{name}-p.csv").write_text("case_id," + ",".join(called) + "\n" + "".join(
            f"c{i}," + ",".join(str(w / sum(row)) for w in row) + "\n" for i, row in enumerate(weights)))
        (work / f"{name}-l.csv").write_text("case_id,label\n" + "".join(f"c{i},{called[i % count]}\n" for i in range(300)))
    (work / "labels-p.csv").write_text("case_id,mass,fluid,nodule\n" + "".join(f"c{i},{i * 37 % 101 / 101},{i * 53 % 97 / 97},{i * 5 % 83 / 83}\n" for i in range(90)))
    (work / "labels-l.csv").write_text("case_id,mass,fluid,nodule\n" + "".join(f"c{i},{i % 2},{i // 3 % 2},{i // 7 % 2}\n" for i in range(90)))
    wanted = {"segmentation": ("segmentation", work / "cases.csv", "--region", "WT=1,2,4", "--region",
                               "a-region-with-a-long-name=4", "--tau", "1,2.5"),
              "classification": ("classification", work / "p.csv", work / "l.csv"),
              "several classes": ("classification", work / "classes-p.csv", work / "classes-l.csv", "--bootstrap", "50"),
              "many classes": ("classification", work / "many-p.csv", work / "many-l.csv", "--bootstrap", "20"),
              "several labels": ("classification", work / "labels-p.csv", work / "labels-l.csv", "--bootstrap", "50"),
              "regression": ("regression", work / "n.csv")}
    for name, words in wanted.items():
        page = work / f"{name}.html"
        done = subprocess.run([str(w) for w in (PROGRAM, *words, "--html", page)], capture_output=True, text=True)
        expect(f"{name}: the report is written", page.exists(), done.stderr[-300:])
        yield name, page


MARK = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


def container_report(work):
    """Of an image whose author writes markup wherever a text of theirs is shown."""
    folder = work / MARK.replace("/", "|")  # the name of a container that is not registered
    folder.mkdir()
    image, config, page = folder / "image.tar", folder / "container_config.yaml", work / "container.html"
    long = "w" * 90
    files = {f"app/{MARK.replace('/', '|')}{i}": (b"x", 0o666) for i in range(3)}
    small_study.write_image(image, {**files, f"srv/{long}": (b"x", 0o4755), "usr/bin/sudo": (b"x", 0o755),
                                    "a.spdx.json": (b'{"spdxVersion": "SPDX-2.3", "packages": [{}]}', 0o644)}, ["/" + MARK, "--" + long])
    volume = {"mount_path": "/" + MARK + long, "type": "directory"}
    config.write_text(json.dumps({"container_type": "DockerArchive", "image": "x", "tasks": {"infer": {
        "run_args": {"gpus": "1", "shm_size": "64m"}, "input_volumes": {"data_path": volume},
        "output_volumes": {"output_path": {**volume, "mount_path": "/out" + MARK}}}}}))
    environment = {"PATH": os.environ["PATH"], "HOME": str(work), "MEDPERF_HOME": str(work / "workspace")}
    medperf = PROGRAM.with_name("medperf")
    subprocess.run([medperf, "policy", "init"], env=environment, check=True, capture_output=True)
    done = subprocess.run([medperf, "container", "check", "--config", config, "--archive", image, "--html", page, "--no-input"],
                          env=environment, capture_output=True, text=True)
    expect("container: the report is written", page.exists(), done.stdout[-600:] + done.stderr[-300:])
    return page


def dataset_report(work):
    """Of a preparation whose author, and whose cases' names, write markup wherever a text of theirs is shown."""
    workspace, page = work / "workspace", work / "dataset.html"
    folder = workspace / "datasets/3"
    (folder / "report").mkdir(parents=True)
    (folder / "logs").mkdir()
    steps = (("prepare", {}), ("not-ready", {"round": 1}),
             ("statistics", {"statistics": {"cases": 40, "by": {MARK: 3}, "long": "w" * 200, "text": MARK}}))
    with open(workspace / "journal/dataset-3.jsonl", "w") as journal:
        for step, output in steps:
            journal.write(json.dumps({"medperf": "medperf/journal/v1", "at": "2026-01-01T00:00:00Z", "step": step, "key": "0" * 64,
                                      "output": output}) + "\n")
    (folder / "logs/sanity_check.log").write_text(f"case {MARK} has no mask\n")
    table = {"status": {f"case-{i}{MARK}": i % 5 - 1 for i in range(40)}, "status_name": {f"case-{i}{MARK}": MARK for i in range(40)},
             "comment": {f"case-0{MARK}": "w" * 250}, MARK: {f"case-1{MARK}": [1, MARK]}}
    (folder / "report/report.yaml").write_text(json.dumps(table))
    environment = {"PATH": os.environ["PATH"], "HOME": str(work), "MEDPERF_HOME": str(workspace)}
    done = subprocess.run([PROGRAM.with_name("medperf"), "dataset", "report", "-d", "3", "--html", page, "--no-input"], env=environment,
                          capture_output=True, text=True)
    expect("dataset: the report is written", page.exists(), done.stdout[-600:] + done.stderr[-300:])
    return page


def stays_text(browser, name):
    title, elements, text = browser.run("return [document.title, document.querySelectorAll('script, img, b').length, document.body.innerText]")
    expect(f"{name}: no script of the image runs", "taken" not in title.replace(MARK.replace("/", "|"), ""), title)
    expect(f"{name}: and no markup of it becomes an element", elements == 0, elements)
    expect(f"{name}: what its author wrote is shown as it stands", text.count("<img src=x onerror=") >= 4, text[:1500])


def main():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    if not shutil.which("chromedriver"):
        sys.exit("chromedriver is missing: scripts/setup.sh test installs it")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        browser = Browser(work)
        try:
            for name, page in reports(work):
                look_at(browser, name, page)
            look_at(browser, "container", container_report(work))
            stays_text(browser, "container")
            look_at(browser, "dataset", dataset_report(work))
            stays_text(browser, "dataset")
        finally:
            browser.close()
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
