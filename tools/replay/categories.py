"""A readable name and a category for an item, from the words of its description."""

from __future__ import annotations

import re

FEES = "Fees and postage"
OTHER = "Gifts"
# The first line with a word of the name decides, so the narrow ones come first.
_TABLE = """
Christmas: christmas xmas advent santa reindeer snowflake snowflakes snowman nativity
Winter warmers: warmer warmers water
Easter: easter bunny chick egg eggs rabbit
Jewellery and accessories: necklace bracelet earrings earring ring brooch hair diamante bling charm bangle
  pendant keyring purse wallet scarf gloves umbrella parasol
Candles and lights: candle candles t-light t-lights tlight light lights lantern lamp chandelier incense
  candlestick scented lampshade
Bags and luggage: bag bags backpack rucksack holdall suitcase luggage shopper tote
Kitchen and dining: mug mugs cup cups teacup saucer tea teapot teatime cake cakes cakestand plate plates bowl
  bowls jug cutlery spoon spoons lunch kitchen apron jam jar jars tray trays glass napkin napkins coaster
  coasters baking recipe dinner breakfast milk egg oven bread sugar dish colander whisk sieve chopping bottle
  cookie biscuit coffee snack popcorn ladle tablecloth placemats measuring
Stationery and craft: card cards notebook notebooks pen pens pencil pencils wrap paper sticker stickers tape
  book journal letter stamp stamps felt feltcraft craft sewing ribbon ribbons magnet magnets chalk chalkboard
  crayons calendar envelope knitting tissue tissues notepad folkart stationery tags
Toys and children: toy toys doll dolls dolly jigsaw game games playhouse childs childrens children spaceboy
  girl boy baby skittles soldier bubbles dinosaur puppet blocks skipping circus naughts yo-yo marbles tumbler
  snakes bingo spinning gliders modelling
Party: party bunting birthday balloon balloons garland garlands cupcake cases streamers
Garden: garden planter flower flowers bird birdhouse birdcage gnome watering trowel plant pot pots seed
  butterfly bee deckchair picnic herb
Textiles: cushion cushions cover covers quilt throw blanket doormat towel rug curtain slippers socks
Storage: box boxes tin tins basket drawer drawers cabinet storage crate trunk bin rack hook hooks hanger
  hangers shelf holder organiser wicker pegs container chest bank
Home decoration: sign signs frame frames clock mirror wall hanging decoration decorations heart hearts wreath
  vase art picture photo metal wooden door doorstop knob ornament plaque block letters cabinets bell bells
  tile thermometer bathroom soap bath memo memoboard
"""


def _parsed(table: str) -> tuple[tuple[str, frozenset[str]], ...]:
    entries = [line.split(": ", 1) for line in table.strip().replace("\n  ", " ").splitlines()]
    return tuple((category, frozenset(words.split())) for category, words in entries)


KEYWORDS = _parsed(_TABLE)
_SMALL_WORDS = frozenset(("a", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with"))
_UPPER_WORDS = frozenset(("UK", "OOH", "EU", "DIY", "USA", "TV", "BBQ", "I", "II", "III"))


def category_of(name: str, *, is_fee: bool) -> str:
    """Return the category whose keywords the name holds first."""
    if is_fee:
        return FEES
    words = {word.strip(".,!?'\"()") for word in re.split(r"[\s/+&]+", name.lower())}
    return next((category for category, keywords in KEYWORDS if words & keywords), OTHER)


def cleaned_name(description: str, sku: str) -> str:
    """
    Return a description as a person would write it; the SKU where there is none.

    The wholesaler writes names in capitals, with stray full stops, doubled blanks and abbreviations.
    """
    text = " ".join(description.replace(" ,", ",").replace("`", "'").split()).strip(" .,*?")
    if not text:
        return sku
    return " ".join(_cased(word, first=position == 0) for position, word in enumerate(text.split()))[:200]


def _cased(word: str, *, first: bool) -> str:
    if word in _UPPER_WORDS:
        return word
    lowered = word.lower()
    if lowered in _SMALL_WORDS and not first:
        return lowered
    # str.title would write "Women'S" and "T-Light" alike; only the start and the letter after / or - are raised.
    return re.sub(r"(^|[/(\"&-])([a-z])", lambda match: match[1] + match[2].upper(), lowered)
