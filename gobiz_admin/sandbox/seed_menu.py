"""The seeded menus, written short: a believable Indonesian warung.

An item is `code, name, price, description, categories, hours`. A code that starts with "-" is a thing
that was made in the GoBiz app and has no external_id; how GoBiz leaves it out differs: "-null", "-empty"
and "-missing" give `null`, `""` and no such key.
"""

# ruff: noqa: E501  (a table reads better than a column)

from typing import Any

Json = dict[str, Any]

DAY_NAMES = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]


def _week(*spans: tuple[str, str], closed: str = "") -> Json:
    times = [{"start": start, "end": end} for start, end in spans]
    return {day: [] if day == closed else times for day in DAY_NAMES}


HOURS = {
    "all": _week(("00:00", "23:59")),
    "day": _week(("10:00", "21:30")),
    "breakfast": _week(("06:00", "10:30")),
    "no_monday": _week(("10:00", "21:00"), closed="monday"),
    "late": _week(("00:00", "02:00"), ("17:00", "23:59")),
    "lunch_dinner": _week(("11:00", "14:30"), ("17:30", "21:30")),
}

# key: (name, internal name, min, max, [(code, name, price)])
CATEGORIES: dict[str, tuple[str, str, int, int, list[tuple[str, str, int]]]] = {
    "ayam": ("Pilihan Ayam", "Pilihan Ayam (potongan)", 1, 1, [
        ("-null", "Paha atas", 0), ("-missing", "Paha bawah", 0), ("V-AYAM-DADA", "Dada", 2000)]),
    "pedas": ("Level Pedas", "Level Pedas", 1, 1, [
        ("V-PEDAS-0", "Tidak pedas", 0), ("V-PEDAS-1", "Sedang", 0), ("V-PEDAS-2", "Pedas", 0),
        ("V-PEDAS-3", "Pedas mampus", 1000)]),
    "topping": ("Topping", "Topping tambahan", 0, 3, [
        ("V-TOP-TELUR", "Telur ceplok", 5000), ("V-TOP-KEJU", "Keju parut", 4000),
        ("V-TOP-KERUPUK", "Kerupuk", 2000), ("-empty", "Ati ampela", 6000)]),
    "ukuran": ("Ukuran", "Ukuran porsi", 1, 1, [
        ("V-UKURAN-REG", "Reguler", 0), ("V-UKURAN-JUMBO", "Jumbo", 6000), ("V-UKURAN-SETENGAH", "Setengah", -5000)]),
    "nasi": ("Nasi", "Pilihan nasi", 1, 1, [
        ("V-NASI-PUTIH", "Nasi putih", 0), ("V-NASI-UDUK", "Nasi uduk", 3000),
        ("V-NASI-DAUNJERUK", "Nasi daun jeruk", 4000), ("V-NASI-TANPA", "Tanpa nasi", -4000)]),
    "sambal": ("Sambal", "Sambal pendamping", 0, 2, [
        ("V-SAMBAL-BAWANG", "Sambal bawang", 0), ("V-SAMBAL-MATAH", "Sambal matah", 3000),
        ("V-SAMBAL-IJO", "Sambal ijo", 2000)]),
    "es": ("Es", "Es batu", 1, 1, [
        ("V-ES-NORMAL", "Es normal", 0), ("V-ES-SEDIKIT", "Sedikit es", 0), ("V-ES-TANPA", "Tanpa es", 0)]),
    "gula": ("Gula", "Takaran gula", 0, 1, [
        ("V-GULA-KURANG", "Kurang manis", 0), ("V-GULA-TANPA", "Tanpa gula", 0)]),
    "promo": ("Promo Ramadan", "Promo Ramadan (tidak dipakai)", 0, 1, [("V-PROMO-KURMA", "Kurma", 0)]),
}  # fmt: skip

Item = tuple[str, str, int, str, str, str]
BIG: list[tuple[str, list[Item]]] = [
    ("Sarapan", [
        ("I-BUBUR", "Bubur Ayam Spesial", 18000, "Bubur lembut, ayam suwir, cakwe, kedelai, kerupuk", "topping", "breakfast"),
        ("I-NASI-UDUK", "Nasi Uduk Komplet", 22000, "Nasi uduk, telur balado, bihun, tempe orek", "sambal", "breakfast"),
        ("I-LONTONG", "Lontong Sayur", 17000, "Lontong, sayur labu, telur, kuah santan", "topping", "breakfast"),
        ("-missing", "Ketupat Tahu", 16000, "Ketupat, tahu goreng, tauge, bumbu kacang", "pedas", "breakfast"),
        ("I-ROTI-BAKAR", "Roti Bakar Cokelat Keju", 15000, "Roti bakar mentega, cokelat meses, keju parut", "", "breakfast"),
    ]),
    ("Ayam & Bebek", [
        ("I-AYAM-GEPREK", "Ayam Geprek", 23000, "Ayam goreng tepung digeprek dengan sambal bawang", "ayam pedas nasi topping", "day"),
        ("I-AYAM-BAKAR", "Ayam Bakar Madu", 27000, "Ayam bakar olesan madu, lalapan, sambal terasi", "ayam nasi sambal", "day"),
        ("I-AYAM-PENYET", "Ayam Penyet", 24000, "Ayam goreng penyet, tahu, tempe, lalapan", "ayam pedas nasi", "day"),
        ("I-AYAM-KREMES", "Ayam Goreng Kremes", 25000, "Ayam ungkep goreng dengan kremesan renyah", "ayam nasi sambal", "day"),
        ("I-AYAM-RICA", "Ayam Rica-Rica", 28000, "Ayam bumbu rica khas Manado, daun kemangi", "ayam pedas nasi", "no_monday"),
        ("-null", "Ayam Woku", 29000, "Ayam bumbu woku, daun kemangi, kunyit", "ayam nasi", "no_monday"),
        ("I-BEBEK-GORENG", "Bebek Goreng Madura", 36000, "Bebek goreng empuk, bumbu hitam Madura", "nasi sambal", "no_monday"),
        ("I-BEBEK-BAKAR", "Bebek Bakar", 38000, "Bebek bakar kecap, sambal korek", "nasi sambal", "no_monday"),
    ]),
    ("Nasi Goreng & Mie", [
        ("I-NASGOR", "Nasi Goreng Kampung", 22000, "Nasi goreng, telur, teri medan, kerupuk", "pedas ukuran topping", "all"),
        ("I-NASGOR-KAMBING", "Nasi Goreng Kambing", 35000, "Nasi goreng rempah dengan daging kambing", "pedas ukuran topping", "late"),
        ("I-NASGOR-SEAFOOD", "Nasi Goreng Seafood", 32000, "Nasi goreng dengan udang dan cumi", "pedas ukuran topping", "late"),
        ("I-MIE-GORENG", "Mie Goreng Jawa", 22000, "Mie kuning, ayam suwir, sayur, kecap manis", "pedas ukuran topping", "all"),
        ("I-MIE-REBUS", "Mie Rebus Jawa", 22000, "Mie godog kuah kental, telur bebek", "pedas ukuran topping", "late"),
        ("I-KWETIAU", "Kwetiau Siram Sapi", 30000, "Kwetiau siram kuah kental, daging sapi", "pedas ukuran", "lunch_dinner"),
        ("-empty", "Bihun Goreng", 21000, "Bihun goreng, sawi, bakso ikan", "pedas topping", "all"),
    ]),
    ("Soto & Kuah", [
        ("I-SOTO-AYAM", "Soto Ayam Lamongan", 21000, "Soto kuah kuning, koya, ayam suwir", "nasi topping", "day"),
        ("I-SOTO-BETAWI", "Soto Betawi", 34000, "Daging sapi, kuah santan susu, emping", "nasi topping", "day"),
        ("I-RAWON", "Rawon Daging", 33000, "Kuah keluwek hitam, daging sapi, telur asin", "nasi sambal", "lunch_dinner"),
        ("I-SOP-BUNTUT", "Sop Buntut", 55000, "Buntut sapi, wortel, kentang, emping", "nasi sambal", "no_monday"),
        ("I-BAKSO", "Bakso Urat Komplet", 25000, "Bakso urat, bakso halus, tahu, mie", "pedas topping", "day"),
        ("I-SAYUR-ASEM", "Sayur Asem", 12000, "Kacang panjang, jagung, melinjo, asam segar", "", "day"),
    ]),
    ("Sate & Bakaran", [
        ("I-SATE-AYAM", "Sate Ayam Madura (10 tusuk)", 28000, "Sate ayam bumbu kacang, lontong", "pedas", "late"),
        ("I-SATE-KAMBING", "Sate Kambing (10 tusuk)", 45000, "Sate kambing muda, sambal kecap", "pedas", "late"),
        ("I-IKAN-BAKAR", "Ikan Gurame Bakar", 65000, "Gurame bakar bumbu rujak, lalapan", "nasi sambal", "lunch_dinner"),
        ("I-CUMI-BAKAR", "Cumi Bakar Pedas", 48000, "Cumi bakar saus padang", "pedas nasi", "lunch_dinner"),
    ]),
    ("Sayur & Pelengkap", [
        ("I-GADO-GADO", "Gado-Gado", 20000, "Sayur rebus, tahu, tempe, telur, bumbu kacang", "pedas", "day"),
        ("I-KAREDOK", "Karedok", 18000, "Sayur mentah segar, bumbu kencur", "pedas", "day"),
        ("I-TEMPE-MENDOAN", "Tempe Mendoan (5 pcs)", 12000, "Tempe tipis goreng setengah matang", "", "all"),
        ("I-TAHU-ISI", "Tahu Isi (5 pcs)", 12000, "Tahu goreng isi sayur, cabai rawit", "", "all"),
        ("I-PERKEDEL", "Perkedel Kentang", 5000, "Perkedel kentang dan daging", "", "all"),
        ("-null", "Kerupuk Putih", 2000, "Kerupuk kampung", "", "all"),
        ("I-SAMBAL-EXTRA", "Sambal Extra", 3000, "Satu cup sambal pilihan", "sambal", "all"),
    ]),
    ("Minuman", [
        ("I-ES-TEH", "Es Teh Manis", 6000, "Teh melati, gula asli", "es gula", "all"),
        ("I-ES-JERUK", "Es Jeruk Peras", 10000, "Jeruk peras segar", "es gula", "all"),
        ("I-ES-CENDOL", "Es Cendol Durian", 18000, "Cendol, santan, gula merah, durian", "es", "day"),
        ("I-ES-CAMPUR", "Es Campur", 17000, "Buah, cincau, kolang-kaling, sirup", "", "day"),
        ("I-KOPI-SUSU", "Kopi Susu Gula Aren", 18000, "Espresso, susu segar, gula aren", "es gula", "all"),
        ("I-KOPI-TUBRUK", "Kopi Tubruk", 9000, "Kopi robusta Lampung", "gula", "all"),
        ("I-JUS-ALPUKAT", "Jus Alpukat", 16000, "Alpukat mentega, cokelat kental", "es gula", "day"),
        ("I-WEDANG-JAHE", "Wedang Jahe", 11000, "Jahe bakar, gula batu, serai", "gula", "late"),
        ("-missing", "Air Mineral", 5000, "Botol 600 ml", "", "all"),
    ]),
    ("Pencuci Mulut", [
        ("I-PISANG-GORENG", "Pisang Goreng Keju", 15000, "Pisang raja goreng, keju, susu kental", "", "all"),
        ("I-KOLAK", "Kolak Pisang & Ubi", 13000, "Pisang, ubi, santan, gula merah", "", "day"),
        ("I-KLEPON", "Klepon (8 butir)", 12000, "Klepon pandan isi gula merah", "", "no_monday"),
    ]),
]  # fmt: skip

SMALL: list[tuple[str, list[Item]]] = [
    ("Makanan", [
        ("D-AYAM-GEPREK", "Ayam Geprek", 22000, "Ayam goreng tepung digeprek dengan sambal bawang", "ayam pedas nasi", "day"),
        ("D-NASGOR", "Nasi Goreng Kampung", 21000, "Nasi goreng, telur, teri medan, kerupuk", "pedas topping", "all"),
        ("D-MIE-GORENG", "Mie Goreng Jawa", 21000, "Mie kuning, ayam suwir, sayur, kecap manis", "pedas topping", "all"),
        ("D-SOTO-AYAM", "Soto Ayam Lamongan", 20000, "Soto kuah kuning, koya, ayam suwir", "nasi", "day"),
        ("D-GADO-GADO", "Gado-Gado", 19000, "Sayur rebus, tahu, tempe, telur, bumbu kacang", "pedas", "day"),
    ]),
    ("Minuman", [
        ("D-ES-TEH", "Es Teh Manis", 6000, "Teh melati, gula asli", "es gula", "all"),
        ("D-ES-JERUK", "Es Jeruk Peras", 9000, "Jeruk peras segar", "es gula", "all"),
        ("-null", "Air Mineral", 5000, "Botol 600 ml", "", "all"),
    ]),
]  # fmt: skip

OUT_OF_STOCK = {"I-ES-CENDOL", "V-TOP-KEJU"}
WITHOUT_PICTURE = {"I-SAMBAL-EXTRA"}
