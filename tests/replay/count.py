"""Counts what recorded histories hold, independently of claimwire, and explains every difference.

usage: count.py PUBLISHED DIFFERENCES

PUBLISHED is what the daemon made of each history, a JSON object a line: `feed`, `documents` (where they lie),
`dead`, `revisions` (the records of `raw`, in order). The documents are read here with the Universal Feed Parser,
items are named by a rule of this program's own (guid, else link without tracking, else content), and an item
is edited when its title or text changes, markup, blanks and passing times aside. Every item that was counted
otherwise goes to DIFFERENCES with its cause; a line a history and their sum go to stdout. The exit status is 1
when a sum differs by more than 0.5 % or a difference has no known cause.
"""

import collections
import functools
import hashlib
import html.parser
import io
import json
import lzma
import multiprocessing
import pathlib
import re
import sys
import tarfile
import urllib.parse

import feedparser

TOLERANCE = 0.005
ITEMS_OF_A_DOCUMENT = 10_000
TRACKING = re.compile(r"^(utm_|at_|ns_|fbclid$|gclid$|ito$|xtor$|cmpid$|ref_src$|mc_)", re.IGNORECASE)
PASSING = re.compile(r"\b(?:\d+|an?|one) (?:second|minute|min|hour|hr|day)s? ago\b", re.IGNORECASE)


ITEM = re.compile(rb"<item\b.*?</item>", re.DOTALL)
CAPTION = re.compile(rb"<media:description\b.*?</media:description>", re.DOTALL)


def without_captions(item):
    """An item without what it says of its pictures, which feedparser would take for its summary."""
    element = item.group()
    return CAPTION.sub(b"", element) if b"<description" in element else element


class Text(html.parser.HTMLParser):
    """The words of a piece of markup."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("script", "style")
        self.parts.append(" " if tag in BREAKING else "")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style") and self.hidden > 0
        self.parts.append(" " if tag in BREAKING else "")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


BREAKING = set("address article aside blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr img li "
               "main nav ol p pre section table td th tr ul".split())
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


@functools.lru_cache(100_000)
def words(markup):
    """The text of `markup` as a reader sees it, in one line."""
    parser = Text()
    parser.feed(markup or "")
    parser.close()
    return " ".join(PASSING.sub("", INVISIBLE.sub("", "".join(parser.parts))).split())


def canonical(link):
    parts = urllib.parse.urlsplit((link or "").strip())
    if not parts.netloc:
        return parts.geturl()
    query = "&".join(p for p in parts.query.split("&") if p and not TRACKING.match(p))
    host = parts.netloc.lower().removesuffix(":443").removesuffix(":80")
    return urllib.parse.urlunsplit(("https", host, parts.path or "/", query, ""))


def said(entry):
    """What an entry says: its title, and its content unless the summary says more."""
    content = next((c.value for c in entry.get("content", []) if c.get("value")), None)
    texts = words(content), words(entry.get("summary"))
    return words(entry.get("title")), max(texts, key=len)


class History:
    """What the documents of one feed show, in order."""

    def __init__(self, documents):
        self.items = {}
        self.documents = self.unreadable = 0
        last = None
        for document in documents:
            if document != last:
                self.show(document)
            last = document

    def show(self, document):
        document = ITEM.sub(without_captions, document)
        parsed = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
        if not document.rstrip().endswith((b"</rss>", b"</feed>", b"</rdf:RDF>")):
            # It breaks off: the item that it breaks off in is half of one.
            parsed.entries[-1:] = []
        self.documents += 1
        if not parsed.entries and not parsed.get("version"):
            self.unreadable += 1
        met = set()
        for place, entry in enumerate(parsed.entries):
            title, text = said(entry)
            link = canonical(entry.get("link"))
            key = entry.get("id") or link or hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()
            if key in met:
                # Named by its link alone, and listed again under another title.
                self.items[key]["twice"] |= not entry.get("id") and title != self.items[key]["states"][-1][0]
            else:
                met.add(key)
                item = self.items.setdefault(
                    key, {"link": link, "links": set(), "states": [], "deepest": 0, "twice": False})
                item["links"].add(link)
                item["deepest"] = max(item["deepest"], place)
                if item["states"][-1:] != [(title, text)]:
                    item["states"].append((title, text))


def snapshots(path):
    if path.suffix != ".xz":
        return [path.read_bytes()]
    with tarfile.open(fileobj=lzma.open(path)) as archive:
        members = sorted((m for m in archive.getmembers() if m.isfile()), key=lambda m: m.name)
        return [archive.extractfile(m).read() for m in members]


class Published:
    """What the daemon says of one item."""

    def __init__(self):
        self.names, self.links, self.states = set(), set(), []
        self.new = self.edits = self.withdrawn = self.skipped = 0

    def add(self, revision):
        change = revision.get("change") or {"kind": "new"}
        if change["kind"] == "withdrawn":
            self.withdrawn += 1
            return
        link = canonical(revision.get("link"))
        self.names |= {revision.get("guid") or link}
        self.links |= {link}
        self.states.append((words(revision["title"]), " ".join(PASSING.sub("", revision["text"]).split())))
        self.new += change["kind"] == "new"
        self.edits += "previous_title" in change or change.get("text_changed", False)
        self.skipped += change.get("skipped", 0)
        # A number that was skipped stands for edits as well.
        self.edits += change.get("skipped", 0)


def published(revisions):
    items = collections.defaultdict(Published)
    for revision in revisions:
        items[revision["item"]].add(revision)
    return items


def compared(line):
    """The counts of one history, theirs and ours, and a line for each item that was counted otherwise."""
    history = json.loads(line)
    theirs = History(snapshots(pathlib.Path(history["documents"])))
    ours = published(history["revisions"])
    by_name, by_link = collections.defaultdict(set), collections.defaultdict(set)
    for item, it in ours.items():
        for name in it.names:
            by_name[name].add(item)
        for link in it.links - {""}:
            by_link[link].add(item)
    counts = {
        "feed": history["feed"], "documents": theirs.documents, "unreadable": theirs.unreadable, "dead": history["dead"],
        "items": (len(theirs.items), sum(it.new for it in ours.values())),
        "edits": (sum(len(it["states"]) - 1 for it in theirs.items.values()), sum(it.edits for it in ours.values())),
    }
    all_states = {state for it in ours.values() for state in it.states}
    differences, met = [], set()
    for key, their in theirs.items.items():
        found = by_name.get(key) or by_name.get(their["link"]) or by_link.get(their["link"]) or set()
        our = [ours[item] for item in found]
        met |= found
        new, edits = sum(it.new for it in our), sum(it.edits for it in our)
        if (new, edits) != (1, len(their["states"]) - 1):
            differences.append((cause(their, our, all_states), key, (1, len(their["states"]) - 1), (new, edits), their, our))
    for item in ours.keys() - met:
        our = ours[item]
        differences.append((None, "only published", (0, 0), (our.new, our.edits), {"states": []}, [our]))
    return counts, differences


def cause(their, our, all_states):
    """Why an item was counted otherwise, or None."""
    if their["deepest"] >= ITEMS_OF_A_DOCUMENT:
        return "it stood behind the items that are read of one document"
    if not our and not any(title or text for title, text in their["states"]):
        return "it says nothing"
    if not our:
        moved = all_states.issuperset(their["states"])
        return "its guid and link changed, its words and date did not: one item" if moved else None
    if any(len(it.names) > 1 for it in our):
        return "its guid changed, and its link or words did not: one item"
    if len(our) > 1 and len(their["links"]) > 1:
        return "its guid stood on items with other links: several items"
    if len(our) > 1 and their["twice"]:
        return "one document lists its link under several titles: several items"
    if any(it.new > 1 for it in our):
        return "it came back after it had been forgotten"
    if any(it.skipped for it in our):
        return "it churns"
    here = folded(their["states"])
    if here == [state for it in our for state in folded(it.states)]:
        return "edits of marks alone, which the two parsers read differently"
    return None


def folded(states):
    """The states with letters and digits alone, as far as they then differ."""
    kept = [tuple(re.sub(r"[^\w]|_", "", part).casefold() for part in state) for state in states]
    return [state for at, state in enumerate(kept) if at == 0 or state != kept[at - 1]]


def shown(difference):
    why, key, (items, edits), (our_items, our_edits), their, our = difference
    lines = [f"{why or 'NO KNOWN CAUSE'}: {key}: {items} item, {edits} edits here; {our_items} and {our_edits} published"]
    if not why:
        lines += [f"    here      {state}" for state in their["states"][:6]]
        lines += [f"    published {state}" for it in our for state in it.states[:6]]
    return "\n".join(lines)


def differ(theirs, ours):
    return abs(theirs - ours) > TOLERANCE * max(theirs, 1)


def main(published_path, differences_path):
    with open(published_path, encoding="utf-8") as lines, multiprocessing.Pool() as pool:
        results = list(pool.imap(compared, lines))
    unknown = 0
    total = collections.Counter()
    print(f"{'feed':<40} {'documents':>9} {'unreadable':>10} {'dead':>5} {'items':>7} {'ours':>7} {'edits':>7} {'ours':>7}  differences")
    with open(differences_path, "w", encoding="utf-8") as out:
        for counts, differences in results:
            causes = collections.Counter(why or "NO KNOWN CAUSE" for why, *_ in differences)
            unknown += causes["NO KNOWN CAUSE"]
            row = [counts["documents"], counts["unreadable"], counts["dead"], *counts["items"], *counts["edits"]]
            total.update(dict(enumerate(row)))
            said = "; ".join(f"{number} {why}" for why, number in causes.most_common())
            print(line(counts["feed"], row) + said)
            out.writelines([f"\n{counts['feed']}\n"] if differences else [])
            out.writelines(shown(difference) + "\n" for difference in differences)
    sums = [total[at] for at in range(7)]
    print(line("total", sums))
    _, unreadable, dead, items, our_items, edits, our_edits = sums
    pairs = {"items": (items, our_items), "edits": (edits, our_edits), "revisions": (items + edits, our_items + our_edits)}
    wrong = [name for name, pair in pairs.items() if differ(*pair)]
    for name, (here, ours) in pairs.items():
        print(f"{name}: {here} here, {ours} published, {abs(here - ours) / max(here, 1):.2%} apart")
    print(f"{unknown} items were counted otherwise for no known cause")
    return 1 if wrong or unknown or unreadable > dead else 0


def line(name, row):
    widths = (9, 10, 5, 7, 7, 7, 7)
    return f"{name:<40} " + " ".join(f"{number:>{width}}" for number, width in zip(row, widths)) + "  "


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
