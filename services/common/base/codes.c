/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "common/base/codes.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Counts of Missions Locales: the table's old regions summed to those of 2016. */
const struct mj_region mj_regions[] = {
    { "01", "Guadeloupe", "America/Guadeloupe", 1, "971" },
    { "02", "Martinique", "America/Martinique", 3, "972" },
    { "03", "Guyane", "America/Cayenne", 1, "973" },
    { "04", "La Réunion", "Indian/Reunion", 4, "974" },
    { "06", "Mayotte", "Indian/Mayotte", 1, "976" },
    { "11", "Île-de-France", "Europe/Paris", 76, "75 77 78 91 92 93 94 95" },
    { "24", "Centre-Val de Loire", "Europe/Paris", 20, "18 28 36 37 41 45" },
    { "27", "Bourgogne-Franche-Comté", "Europe/Paris", 26, "21 25 39 58 70 71 89 90" },
    { "28", "Normandie", "Europe/Paris", 25, "14 27 50 61 76" },
    { "32", "Hauts-de-France", "Europe/Paris", 43, "02 59 60 62 80" },
    { "44", "Grand Est", "Europe/Paris", 43, "08 10 51 52 54 55 57 67 68 88" },
    { "52", "Pays de la Loire", "Europe/Paris", 21, "44 49 53 72 85" },
    { "53", "Bretagne", "Europe/Paris", 17, "22 29 35 56" },
    { "75", "Nouvelle-Aquitaine", "Europe/Paris", 43, "16 17 19 23 24 33 40 47 64 79 86 87" },
    { "76", "Occitanie", "Europe/Paris", 27, "09 11 12 30 31 32 34 46 48 65 66 81 82" },
    { "84", "Auvergne-Rhône-Alpes", "Europe/Paris", 61, "01 03 07 15 26 38 42 43 63 69 73 74" },
    { "93", "Provence-Alpes-Côte d'Azur", "Europe/Paris", 28, "04 05 06 13 83 84" },
    { "94", "Corse", "Europe/Paris", 4, "2A 2B" },
    { "PM", "Saint-Pierre-et-Miquelon", "America/Miquelon", 0, "975" },
    { "BL", "Saint-Barthélemy", "America/St_Barthelemy", 0, "977" },
    { "MF", "Saint-Martin", "America/Marigot", 0, "978" },
    { "", NULL, NULL, 0, NULL },
};
const size_t mj_region_count = sizeof mj_regions / sizeof *mj_regions - 1;

const struct mj_region *mj_region_find(const char *code)
{
    if (code[0] == '\0' || code[1] == '\0' || code[2] != '\0')
        return NULL;
    for (const struct mj_region *r = mj_regions; r->code[0]; r++)
        if (memcmp(r->code, code, 2) == 0)
            return r;
    return NULL;
}

bool mj_partition_is(const char *code)
{
    return strcmp(code, "FR") == 0 || mj_region_find(code);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_code_char(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int mj_region_check(const char *code, const char *field, mj_error *err)
{
    if (mj_region_find(code))
        return 0;
    bool shown = is_code_char(code[0]) && is_code_char(code[1]) && code[2] == '\0';
    return mj_fail(err, MJ_INVALID_ARGUMENT, "REGION_UNKNOWN", field,
                   "expected an INSEE region code of two characters (\"01\" to \"94\"), PM, BL or MF, got %s%s%s",
                   shown ? "\"" : "", shown ? code : "another text", shown ? "\"" : "");
}

/* The region that lists this department, as long a code as lists hold ("44", "2A", "971"). */
static const struct mj_region *region_of_department(const char *department, size_t n)
{
    for (const struct mj_region *r = mj_regions; r->code[0]; r++)
        for (const char *p = r->departments; *p; p += strcspn(p, " "), p += *p == ' ')
            if (strcspn(p, " ") == n && memcmp(p, department, n) == 0)
                return r;
    return NULL;
}

static bool commune_form(const char *c)
{
    if (strlen(c) != 5)
        return false;
    bool corsica = c[0] == '2' && (c[1] == 'A' || c[1] == 'B');
    return is_digit(c[0]) && (is_digit(c[1]) || corsica) && is_digit(c[2]) && is_digit(c[3]) && is_digit(c[4]);
}

int mj_region_of_commune(const struct mj_region **ret, const char *commune, const char *field, mj_error *err)
{
    if (!commune_form(commune))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "COMMUNE_FORMAT", field,
                       "expected an INSEE commune code such as 44109 or 2A004, got %zu characters that are none",
                       strlen(commune));
    size_t n = memcmp(commune, "97", 2) == 0 ? 3 : 2;
    const struct mj_region *r = region_of_department(commune, n);
    if (!r)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "COMMUNE_UNKNOWN", field,
                       "expected a commune of the 18 regions, of 975, 977 or 978, got department %.*s; take the INSEE "
                       "code, not the postal one", (int)n, commune);
    *ret = r;
    return 0;
}

/* Luhn: from the right, every second digit doubled; a sum that ends in 0 is right. */
static unsigned luhn_sum(const char *digits, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)(digits[n - 1 - i] - '0');
        if (i % 2 == 1)
            d = d > 4 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return sum;
}

static int check_digits(const char *text, size_t n, const char *reason, const char *what, const char *field,
                        mj_error *err)
{
    size_t len = strlen(text), good = strspn(text, "0123456789");
    if (len != n)
        return mj_fail(err, MJ_INVALID_ARGUMENT, reason, field,
                       "expected a %s of %zu digits without spaces, got %zu characters", what, n, len);
    if (good != n)
        return mj_fail(err, MJ_INVALID_ARGUMENT, reason, field,
                       "expected a %s of %zu digits without spaces, character %zu is no digit", what, n, good + 1);
    return 0;
}

int mj_siren_check(const char *siren, const char *field, mj_error *err)
{
    if (check_digits(siren, MJ_SIREN_LEN, "SIREN_FORMAT", "SIREN", field, err) < 0)
        return -1;
    if (luhn_sum(siren, MJ_SIREN_LEN) % 10 != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SIREN_CHECKSUM", field,
                       "expected a SIREN whose Luhn key fits, this one's does not; look for a mistyped digit");
    return 0;
}

/* La Poste has more establishments than its numbers have keys: the sum of the digits serves too. */
static bool la_poste_key(const char *siret)
{
    unsigned sum = 0;
    if (memcmp(siret, "356000000", MJ_SIREN_LEN) != 0)
        return false;
    for (size_t i = 0; i < MJ_SIRET_LEN; i++)
        sum += (unsigned)(siret[i] - '0');
    return sum % 5 == 0;
}

/* What nearly every SIRET is: 14 digits, both keys right. The other checks say what is wrong. */
static bool siret_is_plain(const char *siret)
{
    static const uint8_t doubled[10] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 };
    unsigned siren = 0, all = 0;
    for (unsigned i = 0; i < MJ_SIRET_LEN; i++) {
        unsigned d = (unsigned)(siret[i] - '0');
        if (d > 9)
            return false;
        all += i % 2 == 0 ? doubled[d] : d;
        if (i < MJ_SIREN_LEN)
            siren += i % 2 == 1 ? doubled[d] : d;
    }
    return siret[MJ_SIRET_LEN] == '\0' && all % 10 == 0 && siren % 10 == 0;
}

int mj_siret_check(const char *siret, const char *field, mj_error *err)
{
    if (siret_is_plain(siret))
        return 0;
    if (check_digits(siret, MJ_SIRET_LEN, "SIRET_FORMAT", "SIRET", field, err) < 0)
        return -1;
    if (luhn_sum(siret, MJ_SIREN_LEN) % 10 != 0)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SIRET_CHECKSUM", field,
                       "expected a SIRET that begins with a valid SIREN, the Luhn key of its first 9 digits is wrong; "
                       "look for a mistyped digit");
    if (luhn_sum(siret, MJ_SIRET_LEN) % 10 != 0 && !la_poste_key(siret))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "SIRET_CHECKSUM", field,
                       "expected a SIRET whose Luhn key fits, the key of these 14 digits is wrong; look for a mistyped "
                       "digit in the last 5");
    return 0;
}

/* Appends to n digits the one that makes the Luhn sum end in 0. */
static void put_key(char *digits, size_t n)
{
    digits[n] = '0';
    digits[n] = (char)('0' + (10 - luhn_sum(digits, n + 1) % 10) % 10);
    digits[n + 1] = '\0';
}

/* serial's last n digits. */
static void put_serial(char *out, size_t n, unsigned serial)
{
    for (size_t i = n; i > 0; i--, serial /= 10)
        out[i - 1] = (char)('0' + serial % 10);
}

void mj_siret_make(char out[MJ_SIRET_LEN + 1], const char siren[MJ_SIREN_LEN + 1], unsigned serial)
{
    memcpy(out, siren, MJ_SIREN_LEN);
    put_serial(out + MJ_SIREN_LEN, 4, serial);
    put_key(out, MJ_SIRET_LEN - 1);
}

void mj_siren_make(char out[MJ_SIREN_LEN + 1], unsigned serial)
{
    put_serial(out, MJ_SIREN_LEN - 1, serial);
    put_key(out, MJ_SIREN_LEN - 1);
}

/* The 110 professional domains of France Travail's ROME, version 3, which version 4 keeps: per letter from A, the
 * two digits that follow it. */
static const char *const rome_domains[] = {
    "11 12 13 14 15",                                                        /* A agriculture, animals, green spaces */
    "11 12 13 14 15 16 17 18",                                               /* B arts and crafts */
    "11 12 13 14 15",                                                        /* C banking, insurance, property */
    "11 12 13 14 15",                                                        /* D trade */
    "11 12 13 14",                                                           /* E communication, media */
    "11 12 13 14 15 16 17",                                                  /* F building, public works */
    "11 12 13 14 15 16 17 18",                                               /* G hotels, restaurants, leisure */
    "11 12 13 14 15 21 22 23 24 25 26 27 28 29 31 32 33 34",                 /* H industry */
    "11 12 13 14 15 16",                                                     /* I installation, maintenance */
    "11 12 13 14 15",                                                        /* J health */
    "11 12 13 14 15 16 17 18 19 21 22 23 24 25 26",                          /* K services to people and places */
    "11 12 13 14 15",                                                        /* L shows */
    "11 12 13 14 15 16 17 18",                                               /* M support to businesses */
    "11 12 13 21 22 31 32 41 42 43 44",                                      /* N transport, logistics */
};

static bool rome_domain_known(const char *rome)
{
    for (const char *p = rome_domains[rome[0] - 'A']; *p; p += 2, p += *p == ' ')
        if (p[0] == rome[1] && p[1] == rome[2])
            return true;
    return false;
}

int mj_rome_check(const char *rome, const char *field, mj_error *err)
{
    if (strlen(rome) != 5 || rome[0] < 'A' || rome[0] > 'N' || strspn(rome + 1, "0123456789") != 4)
        return mj_fail(err, MJ_INVALID_ARGUMENT, "ROME_FORMAT", field,
                       "expected a ROME code, a letter A to N and 4 digits (N1103), got %zu characters that are none",
                       strlen(rome));
    if (!rome_domain_known(rome))
        return mj_fail(err, MJ_INVALID_ARGUMENT, "ROME_UNKNOWN", field,
                       "expected one of the 110 professional domains of ROME, got %.3s; look the occupation up again",
                       rome);
    return 0;
}
