"""What a page of medperf-metrics must be: sound markup, nothing from outside, legible, for keyboards and screen readers."""
import base64, hashlib, html, html.parser, re
import xml.etree.ElementTree

from metrics_command import expect


class Page(html.parser.HTMLParser):
    """What a reader with a screen reader, a keyboard or a strict browser would stumble over."""
    VOID = {"meta", "br", "img", "line", "rect", "circle", "path", "image", "polyline"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.wrong, self.levels = [], [], [], []
        self.feed(text)
        self.wrong += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if tag not in self.VOID:
            self.open.append(tag)
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        for name in ("src", "href"):
            if not given.get(name, "data:").startswith("data:"):
                self.wrong.append(f"{tag} {name} leads outside")
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "th" and "scope" not in given:
            self.wrong.append("th without scope")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(f"</{tag}> closes nothing")

    def count(self, wanted):
        return sum(tag == wanted for tag, _ in self.tags)


def contrast(one, other):
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def sound_page(name, text):
    page = Page(text)
    expect(f"{name}: markup is sound, nothing leads outside", not page.wrong, page.wrong[:3])
    expect(f"{name}: no script", "<script" not in text.lower() and page.count("script") == 0)
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    expect(f"{name}: the policy allows its own style and nothing else",
           f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:" in text)
    expect(f"{name}: headings follow each other", page.levels and page.levels[0] == 1 and page.levels.count(1) == 1
           and all(b - a <= 1 for a, b in zip(page.levels, page.levels[1:])), page.levels)
    expect(f"{name}: every table has a caption", page.count("table") == page.count("caption") > 0)
    pictures = re.findall(r"<svg.*?</svg>", text, re.S)
    for picture in pictures:
        root = xml.etree.ElementTree.fromstring(picture)
        expect(f"{name}: a picture says what it shows", root.get("role") == "img"
               and root.find("{http://www.w3.org/2000/svg}title").text)
    expect(f"{name}: for phones and in a language", "width=device-width" in text and '<html lang="en">' in text)
    scrolls = [given for tag, given in page.tags if given.get("class") == "scroll"]
    expect(f"{name}: wide tables scroll by keyboard", scrolls and all(g.get("tabindex") == "0" and g.get("aria-label")
                                                                      for g in scrolls))
    for colour in re.findall(r"(?<![-\w])color:(#[0-9a-f]{6})", style):
        expect(f"{name}: {colour} on white and on heads", min(contrast(colour, "#ffffff"),
                                                              contrast(colour, "#eef1f4")) >= 4.5)
    return pictures


def table_of(text, caption):
    """The rows of the first table whose caption has these words."""
    body = next((t for t in text.split("<table>")[1:] if caption in t.split("</caption>")[0]), "").split("</table>")[0]
    return [[html.unescape(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in body.split("<tr>")[2:]]
