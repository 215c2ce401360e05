"""The headers that operations take, as OpenAPI describes them."""

from service.core.proofs import HEADER

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "One key, one effect: repeat a request that got no answer with the same key and the same body, and "
    "it is carried out at most once. Kept for at least 24 hours.",
    "schema": {"type": "string", "pattern": '^(?:[A-Za-z0-9_-]{1,64}|"[A-Za-z0-9_-]{1,64}")$'},
    "example": "6f1a9c52-book-1",
}
PROOF = {
    "name": HEADER,
    "in": "header",
    "description": "Only where it was refused as `proof_needed` or `proof_wrong`: the base64 of the JSON "
    '`{"challenge": …, "solution": …}`, as ALTCHA has it. `challenge` is that of the refusal as it came, `solution` '
    "what its solver gives. It is good for this request alone, and for its repetitions.",
    "schema": {"type": "string"},
}
MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an earlier answer: 304 where nothing has changed.",
    "schema": {"type": "string"},
}
LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "description": "`en` for names in English; else they are Russian.",
    "schema": {"type": "string"},
    "example": "en",
}
NAME = {
    "name": "Content-Disposition",
    "in": "header",
    "description": "What the file is called with its owner, percent-encoded (RFC 6266, RFC 8187); `filename` is read "
    "too, where it is ASCII. It is kept encrypted, and shown to those who see the document.",
    "schema": {
        "type": "string",
        "pattern": "^attachment; filename\\*=UTF-8''(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-Fa-f]{2})+$",
    },
    "example": "attachment; filename*=UTF-8''%D0%A1%D0%BF%D1%80%D0%B0%D0%B2%D0%BA%D0%B0.pdf",
}
