"""Pure rules of documents."""

# What a document is called when it is sent, by its type: its own name is its owner's.
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic"}
