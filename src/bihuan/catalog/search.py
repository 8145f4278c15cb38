"""Chinese search: texts become lexemes here, PostgreSQL indexes and matches them.

jieba segments; the result goes to PostgreSQL as a finished `tsvector` (what the configuration `simple`
would make of it, without its parser, which knows no Chinese words and splits codes such as QS-TEE-01).
Two kinds of lexemes:

- words of two and more characters: title A, subtitle, options, attributes and codes C, description D;
- single Chinese characters of the title (B), of subtitle, options and attributes (D) with their true
  positions, so that a query of one character finds something, and any run of characters is found as a phrase
  when the segmentation of the query differs from that of the text.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

MAX_QUERY = 60
_MAX_LEXEME = 60
_MAX_POSITION = 16_000  # PostgreSQL counts to 16,383
_SUBTITLE_AT = 200  # subtitle's positions begin here, so that no phrase runs over from the title
_KEYWORDS_AT = 500

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+|[^\W_]+(?:[.\-_/][^\W_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_HAN_RUN = re.compile(f"((?:{_HAN.pattern})+)")
_PARTS = re.compile(r"[.\-_/]")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What of a product can be searched."""

    title: str
    subtitle: str = ""
    keywords: list[str] = []
    description: str = ""


class _Tokenizers:
    """jieba's dictionary: read on first use (about half a second), then kept for the life of the process."""

    def __init__(self) -> None:
        self._loaded: Any = None
        self._lock = asyncio.Lock()

    async def get(self) -> Any:
        if self._loaded is None:
            async with self._lock:
                if self._loaded is None:
                    self._loaded = await asyncio.to_thread(self._load)
        return self._loaded

    @staticmethod
    def _load() -> Any:
        import jieba  # costs 40 MB and 0.2 s: only processes that search pay for it

        tokenizer: Any = jieba.Tokenizer()
        # What `initialize` does, without its cache: a file of a guessable name in /tmp that it would unmarshal.
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
        return tokenizer


_tokenizers = _Tokenizers()


async def warm_up() -> None:
    """Loads the dictionary, in a thread; call it before opening a transaction that will need it."""
    await _tokenizers.get()


async def documents(texts: list[Text]) -> list[str]:
    """The texts as PostgreSQL `tsvector` literals; segmented in a thread."""
    tokenizer = await _tokenizers.get()
    return await asyncio.to_thread(lambda: [_document(tokenizer, text) for text in texts])


def clean(words: str | None) -> str | None:
    """What a person typed, as it is compared with names and codes; None when there is nothing."""
    return (words or "").replace("\0", "").strip().lower()[:MAX_QUERY] or None


async def query(words: str) -> str | None:
    """What a person typed, as a PostgreSQL `tsquery` literal; None when nothing in it can be searched.

    All parts must match. A part of one Chinese character matches titles and subtitles that hold it.
    """
    tokenizer = await _tokenizers.get()
    parts = [_query_part(tokenizer, run) for run in _runs(words[:MAX_QUERY])]
    return " & ".join(parts) or None


def _runs(text: str) -> Iterator[str]:
    """Runs of Chinese characters, and words or codes of other letters and digits, in lower case."""
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        yield from _split_mixed(match.group())


def _split_mixed(run: str) -> Iterator[str]:
    """`1.5m床垫` holds two runs: the pattern's letters include Chinese ones, so they are parted here."""
    yield from filter(None, (part.strip(".-_/") for part in _HAN_RUN.split(run)))


def _is_han(run: str) -> bool:
    return _HAN.match(run) is not None


def _document(tokenizer: Any, text: Text) -> str:
    lexemes: dict[str, list[tuple[int, str]]] = {}
    for lexeme, position, weight in _weighed(tokenizer, text):
        if len(lexeme) <= _MAX_LEXEME:
            lexemes.setdefault(lexeme, []).append((min(position, _MAX_POSITION), weight))
    return " ".join(f"{_quoted(lexeme)}:{_places(places)}" for lexeme, places in lexemes.items())


def _weighed(tokenizer: Any, text: Text) -> Iterator[tuple[str, int, str]]:
    """Every lexeme of a product with its position and weight."""
    parts = [(text.title, 0, "A", "B"), (text.subtitle, _SUBTITLE_AT, "C", "D")]
    at = _KEYWORDS_AT
    for keyword in text.keywords:
        parts.append((keyword, at, "C", "D"))
        at += 2 * len(keyword) + 2
    for part, start, of_words, of_characters in parts:
        yield from ((lexeme, start + position, of_words) for lexeme, position in _words(tokenizer, part))
        yield from ((lexeme, start + position, of_characters) for lexeme, position in _characters(part))
    yield from ((lexeme, at + position, "D") for lexeme, position in _words(tokenizer, text.description))


def _words(tokenizer: Any, text: str) -> Iterator[tuple[str, int]]:
    """Words of two and more characters with their positions (from 1); codes whole and in parts."""
    at = 1
    for run in _runs(text):
        if _is_han(run):
            for word, start, _ in tokenizer.tokenize(run, mode="search"):
                if len(word) > 1:
                    yield word, at + start
        else:
            yield run, at
            parts = _PARTS.split(run)
            if len(parts) > 1:
                yield from ((part, at) for part in parts if part)
        at += len(run) + 1


def _characters(text: str) -> Iterator[tuple[str, int]]:
    at = 1
    for run in _runs(text):
        if _is_han(run):
            yield from ((character, at + i) for i, character in enumerate(run))
        at += len(run) + 1


def _query_part(tokenizer: Any, run: str) -> str:
    if not _is_han(run):
        return f"{_quoted(run)}:*"
    if len(run) == 1:
        return _quoted(run)
    words = " & ".join(_quoted(word) for word in tokenizer.cut(run))
    phrase = " <-> ".join(_quoted(character) for character in run)
    return f"(({words}) | ({phrase}))"


def _places(places: Iterable[tuple[int, str]]) -> str:
    """At most 255 positions: PostgreSQL keeps no more of one lexeme."""
    return ",".join(f"{position}{weight}" for position, weight in sorted(set(places))[:255])


def _quoted(lexeme: str) -> str:
    """A lexeme in the input syntax of tsvector and tsquery; `_runs` lets no quote or backslash through."""
    return f"'{lexeme}'"
