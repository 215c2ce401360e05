"""Documents that parents upload."""

from schemas.problems.shape import Kind, refusal

DOCUMENT_NOT_FOUND = refusal("document_not_found", Kind.absent, "Документ не найден", "The document is not found")
DOCUMENT_TYPE_REFUSED = refusal(
    "document_type_refused",
    Kind.media_type,
    "Принимаются только PDF, JPEG, PNG и HEIC",
    "Only PDF, JPEG, PNG and HEIC are taken",
)
DOCUMENT_TYPE_WRONG = refusal(
    "document_type_wrong",
    Kind.media_type,
    "Содержимое файла другого типа, чем указано: отправьте его под его собственным типом",
    "The file is of another type than the header says: send it under its own",
)
DOCUMENT_BROKEN = refusal(
    "document_broken",
    Kind.invalid,
    "Файл повреждён или передан не целиком: откройте его, сохраните заново и отправьте ещё раз",
    "The file is broken or not whole: open it, save it anew, and send it again",
)
DOCUMENT_TOO_LARGE = refusal(
    "document_too_large",
    Kind.too_large,
    "Файл слишком большой: уменьшите его или сфотографируйте в меньшем качестве",
    "The file is too large: make it smaller, or take the photo in a lower quality",
)
DOCUMENT_TOO_MANY_PIXELS = refusal(
    "document_too_many_pixels",
    Kind.too_large,
    "В изображении больше 100 мегапикселей: уменьшите его",
    "The image has more than 100 megapixels: make it smaller",
)
DOCUMENT_ACTIVE = refusal(
    "document_active",
    Kind.invalid,
    "В этом PDF есть сценарии, вложенные файлы или команды: распечатайте его в PDF («Печать» – «Сохранить как PDF») "
    "или сохраните как изображение и отправьте снова",
    "The PDF has scripts, files or commands in it: print it to PDF or save it as an image, and send that",
)
DOCUMENT_LOCKED = refusal(
    "document_locked",
    Kind.invalid,
    "Этот PDF защищён паролем или запретами: сохраните его без защиты, как изображение или сфотографируйте "
    "и отправьте снова",
    "The PDF is protected by a password: save it without, or as an image, and send that",
)
DOCUMENT_TOO_COMPLEX = refusal(
    "document_too_complex",
    Kind.too_large,
    "Этот PDF слишком сложный, чтобы его проверить: сохраните его как изображение или сфотографируйте "
    "и отправьте снова",
    "The PDF is too complex to be looked into: save it as an image, and send that",
)
DOCUMENT_INFECTED = refusal(
    "document_infected",
    Kind.invalid,
    "Антивирус нашёл угрозу в этом файле: проверьте устройство и отправьте фотографию или скан документа",
    "The virus scanner found something in the file: check your device, and send a photo or a scan",
)
DOCUMENT_KNOWN = refusal(
    "document_known",
    Kind.conflict,
    "Этот файл уже приложен к заявке",
    "This file is with the application already",
)
DOCUMENTS_TOO_MANY = refusal(
    "documents_too_many",
    Kind.conflict,
    "К заявке приложено слишком много документов: удалите лишние",
    "The application has too many documents: delete those that are not needed",
)
UPLOADS_TOO_MANY = refusal(
    "uploads_too_many",
    Kind.conflict,
    "За сутки вы передали слишком много: продолжите завтра",
    "You have sent too much within a day: go on tomorrow",
)
DOCUMENTS_CLOSED = refusal(
    "documents_closed",
    Kind.conflict,
    "Заявка завершена: документы к ней больше не прикладывают",
    "The application is over: documents are no longer added to it",
)
DOCUMENT_DECIDED = refusal(
    "document_decided",
    Kind.conflict,
    "По заявке уже принято решение: документы к ней хранит учреждение",
    "The application is decided on: the institution keeps its documents",
)
DOCUMENT_DAMAGED = refusal(
    "document_damaged",
    Kind.internal,
    "Файл документа утрачен или повреждён: приложите его снова",
    "The document's file is lost or damaged: upload it again",
)
STORAGE_FULL = refusal(
    "storage_full",
    Kind.unavailable,
    "Хранилище документов заполнено: повторите позже с тем же ключом",
    "The storage of documents is full: try later with the same key",
)
