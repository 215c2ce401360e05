import unicodedata
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.people import rules

# Numbers here are made: a random body and the check digits computed for it.


def with_snils_check(body: int) -> str:
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(f"{body:09}"))
    return f"{body:09}{total % 101 % 100:02}"


def with_luhn(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        weighted = int(digit) * (2 - place % 2)
        total += weighted - 9 if weighted > 9 else weighted
    return body + str(-total % 10)


CHECKED_SNILS = st.integers(1_001_999, 999_999_999).map(with_snils_check)
ENP = st.text("0123456789", min_size=15, max_size=15).filter(lambda body: body != "0" * 15).map(with_luhn)
BIRTH_DATE = st.dates(date(1900, 1, 1), date(2049, 12, 31))
SEX: st.SearchStrategy[rules.Sex] = st.sampled_from(get_args(rules.Sex))


def with_digit(number: str, place: int, shift: int) -> str:
    return number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]


@pytest.mark.parametrize(
    "text", ["11223344595", "112-233-445 95", " 112 233 445-95 ", "112–233—445 95", "112‑233‑445\t95"]
)
def test_snils_is_normalized(text: str) -> None:
    # The number is the algorithm's own published example.
    assert rules.normalize_snils(text) == "11223344595"
    assert rules.snils_is_valid("11223344595")
    assert rules.mask_snils(text) == "***-***-*45 95"


@pytest.mark.parametrize(
    "text", ["", "1122334459", "112233445955", "112-233-445 9a", "١١٢٢٣٣٤٤٥٩٥", "112.233.445 95", " " * 99]
)
def test_what_is_no_snils_is_refused_without_being_repeated(text: str) -> None:
    for function in (rules.normalize_snils, rules.mask_snils):
        with pytest.raises(ValueError, match=r"^not a СНИЛС: 11 digits are needed$"):
            function(text)
    assert not rules.snils_is_valid(text)


@given(CHECKED_SNILS)
def test_a_snils_with_its_check_number_is_valid(number: str) -> None:
    assert rules.snils_is_valid(number)


@pytest.mark.parametrize(("remainder", "check"), [(0, "00"), (1, "01"), (99, "99"), (100, "00")])
def test_each_remainder_has_its_check_number(remainder: int, check: str) -> None:
    # Six nines weigh 9 * (9 + 8 + 7 + 6 + 5 + 4) = 351; the last three digits make up the remainder.
    bodies = (f"999999{last_three:03}" for last_three in range(1000))
    body = next(b for b in bodies if (351 + 3 * int(b[6]) + 2 * int(b[7]) + int(b[8])) % 101 == remainder)
    assert rules.snils_is_valid(body + check)
    assert sum(rules.snils_is_valid(f"{body}{other:02}") for other in range(100)) == 1


@given(CHECKED_SNILS, st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_of_a_snils_is_detected(number: str, place: int, shift: int) -> None:
    wrong = with_digit(number, place, shift)
    # 00 stands for two remainders, so behind it the algorithm itself lets some changes of the body through.
    assume(place > 8 or not number.endswith("00"))
    assume(int(wrong[:9]) > 1_001_998)
    assert not rules.snils_is_valid(wrong)


@given(CHECKED_SNILS, st.integers(0, 7))
def test_swapped_neighbours_in_a_snils_are_detected(number: str, place: int) -> None:
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assume(wrong != number)
    assume(not number.endswith("00"))
    assume(int(wrong[:9]) > 1_001_998)
    assert not rules.snils_is_valid(wrong)


@given(st.integers(1, 1_001_998), st.integers(0, 99))
def test_the_first_numbers_carry_no_check(body: int, check: int) -> None:
    assert rules.snils_is_valid(f"{body:09}{check:02}")


def test_the_check_begins_right_after_001_001_998() -> None:
    valid = [check for check in range(100) if rules.snils_is_valid(f"001001999{check:02}")]
    assert valid == [int(with_snils_check(1_001_999)[9:])]


def test_zeros_are_nobodys_numbers() -> None:
    assert not rules.snils_is_valid("0" * 11)
    assert not rules.enp_is_valid("0" * 16)


@given(CHECKED_SNILS)
def test_a_masked_snils_shows_four_digits(number: str) -> None:
    masked = rules.mask_snils(number)
    assert "".join(character for character in masked if character.isdigit()) == number[-4:]
    assert len(masked) == len("123-456-789 00")


@given(ENP, st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_of_a_policy_number_is_detected(number: str, place: int, shift: int) -> None:
    assert rules.enp_is_valid(number)
    assert not rules.enp_is_valid(with_digit(number, place, shift))


@given(ENP)
def test_a_policy_number_is_normalized_and_masked(number: str) -> None:
    groups = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    assert rules.normalize_enp(groups) == rules.normalize_enp(number) == number
    masked = rules.mask_enp(groups)
    assert "".join(character for character in masked if character.isdigit()) == number[-4:]


@pytest.mark.parametrize("text", ["", "1" * 15, "1" * 17, "ЕНП" + "1" * 16, "１" * 16])
def test_what_is_no_policy_number_is_refused_without_being_repeated(text: str) -> None:
    for function in (rules.normalize_enp, rules.mask_enp):
        with pytest.raises(ValueError, match=r"^not a ЕНП: 16 digits are needed$"):
            function(text)
    assert not rules.enp_is_valid(text)


@pytest.mark.parametrize(
    ("birth_date", "sex", "birth_digits"),
    [
        (date(1975, 3, 9), "female", "56420890"),
        (date(1975, 3, 9), "male", "56420840"),
        (date(1950, 12, 31), "male", "67940818"),
        (date(1951, 1, 1), "female", "58840898"),
        (date(2000, 12, 31), "female", "47999768"),
        (date(2001, 1, 1), "male", "98899748"),
    ],
)
def test_birth_date_and_sex_in_a_policy_number(birth_date: date, sex: rules.Sex, birth_digits: str) -> None:
    number = with_luhn(f"32{birth_digits}00001")
    assert rules.enp_birth_matches(number, birth_date, sex)


@given(BIRTH_DATE, SEX, BIRTH_DATE, SEX)
def test_a_policy_number_fits_one_birth_date_and_sex(
    birth_date: date, sex: rules.Sex, other: date, other_sex: rules.Sex
) -> None:
    raised_month = birth_date.month + (20, 40, 0)[(birth_date.year > 1950) + (birth_date.year > 2000)]
    plain = f"{raised_month:02}{birth_date:%Y}{birth_date.day + (50 if sex == 'male' else 0):02}"
    ordered = plain[:2] + plain[5] + plain[4] + plain[3] + plain[2] + plain[6:]
    number = with_luhn("32" + "".join(str(9 - int(digit)) for digit in ordered) + "00001")
    assert rules.enp_birth_matches(number, birth_date, sex)
    assert not rules.enp_birth_matches(number, birth_date + timedelta(days=1), sex)
    assert rules.enp_birth_matches(number, birth_date, other_sex) == (other_sex == sex)
    assert rules.enp_birth_matches(number, other, sex) == (other == birth_date)


@pytest.mark.parametrize(
    ("birth_date", "on", "age"),
    [
        (date(2010, 5, 20), date(2010, 5, 20), 0),
        (date(2010, 5, 20), date(2028, 5, 19), 17),
        (date(2010, 5, 20), date(2028, 5, 20), 18),
        (date(2012, 2, 29), date(2030, 2, 28), 17),
        (date(2012, 2, 29), date(2030, 3, 1), 18),
        (date(2012, 2, 29), date(2016, 2, 29), 4),
        (date(2012, 2, 29), date(2016, 2, 28), 3),
        (date(1999, 12, 31), date(2000, 1, 1), 0),
    ],
)
def test_age(birth_date: date, on: date, age: int) -> None:
    assert rules.age_on(birth_date, on) == age


@given(BIRTH_DATE, st.integers(0, 40_000))
def test_age_rises_by_one_on_one_day_a_year(birth_date: date, days: int) -> None:
    on = birth_date + timedelta(days=days)
    step = rules.age_on(birth_date, on + timedelta(days=1)) - rules.age_on(birth_date, on)
    tomorrow = on + timedelta(days=1)
    birthday = (tomorrow.month, tomorrow.day) == (birth_date.month, birth_date.day)
    leapling_birthday = (birth_date.month, birth_date.day) == (2, 29) and (on.month, on.day, tomorrow.day) == (2, 28, 1)
    assert step == int(birthday or leapling_birthday)


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="not born"):
        rules.age_on(date(2020, 1, 2), date(2020, 1, 1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ЁЖИКОВА", "Алёна", "Фёдоровна"), ("ежикова", "алена", "федоровна")),
        (("Мамин-Сибиряк", "Дмитрий", "Наркисович"), ("мамин   сибиряк ", " Дмитрий", "Наркисович")),
        (("Мамин – Сибиряк", "Дмитрий", ""), ("Мамин‑Сибиряк", "Дмитрий", None)),
        (("Йорданский", "Андрей", "Ильич"), (unicodedata.normalize("NFD", "Йорданский"), "андрей", "ильич")),
        (("Weiß", "Jan", None), ("WEISS", "jan", None)),
        (("Семёнов", "Пётр", None), (unicodedata.normalize("NFD", "СЕМЁНОВ"), "ПЕТР", "")),
    ],
)
def test_spellings_of_one_name(one: tuple[str, str, str | None], other: tuple[str, str, str | None]) -> None:
    assert rules.fold_name(*one) == rules.fold_name(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Иванов", "Иван", "Иванович"), ("Иванов", "Иван", None)),
        (("Иванов", "Иван", None), ("Иван", "Иванов", None)),
        (("Иванов Иван", "", ""), ("Иванов", "Иван", "")),
        (("Зайцев", "Олег", None), ("Заицев", "Олег", None)),
        (("Мамин-Сибиряк", "Олег", None), ("МаминСибиряк", "Олег", None)),
    ],
)
def test_names_of_different_people(one: tuple[str, str, str | None], other: tuple[str, str, str | None]) -> None:
    assert rules.fold_name(*one) != rules.fold_name(*other)


@given(st.tuples(*[st.text(max_size=30)] * 3), st.sampled_from([" ", "-", " - ", "\u00a0", "—"]))
def test_folding_keeps_three_parts_and_ignores_case_and_edges(parts: tuple[str, str, str], padding: str) -> None:
    folded = rules.fold_name(*parts)
    assert folded.count("\n") == 2
    assert rules.fold_name(*(f"{padding}{part}{padding}" for part in parts)) == folded


@given(st.tuples(*[st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВЁЙ -", max_size=20)] * 3))
def test_a_folded_name_folds_to_itself(parts: tuple[str, str, str]) -> None:
    folded = rules.fold_name(*parts)
    assert rules.fold_name(*folded.split("\n")) == folded
    assert rules.fold_name(*(part.upper() for part in parts)) == folded


@pytest.mark.parametrize(
    "text",
    ["8 (999) 123-45-67", "+7 999 123 45 67", "79991234567", "9991234567", "+7(999)1234567", "8.999.123.45.67"],
)
def test_phone_is_normalized(text: str) -> None:
    assert rules.normalize_phone(text) == "+79991234567"


@pytest.mark.parametrize(
    "text",
    ["", "1234567", "+8 999 123-45-67", "+1 999 123-45-67", "8 (999) 123-45-6", "8 (999) 123-45-678",
     "+7 701 123-45-67", "999 123-45-6", "8 099 123-45-67", "999 123-45-67 доб. 5", "٨٩٩٩١٢٣٤٥٦٧",
     "9991234567+", "7+9991234567"],
)  # fmt: skip
def test_what_is_no_russian_phone_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a Russian phone number$"):
        rules.normalize_phone(text)


@given(st.from_regex(r"[3489][0-9]{9}", fullmatch=True), st.sampled_from(["7", "8", "+7"]))
def test_a_normalized_phone_is_left_alone(number: str, prefix: str) -> None:
    normalized = rules.normalize_phone(prefix + number)
    assert normalized == f"+7{number}"
    assert rules.normalize_phone(normalized) == normalized
