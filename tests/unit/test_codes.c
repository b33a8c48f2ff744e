/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/base/codes.h"

static void there_are_18_regions_and_3_collectivities(void **state)
{
    (void)state;
    int missions_locales = 0;
    size_t n = 0;
    for (; mj_regions[n].code[0]; n++)
        missions_locales += mj_regions[n].missions_locales_2015;
    assert_int_equal(n, 21);
    assert_int_equal(mj_region_count, 21);
    assert_int_equal(missions_locales, 444);                 /* the sum of the table's rows */
    assert_string_equal(mj_regions[18].code, "PM");
    assert_string_equal(mj_region_find("52")->name, "Pays de la Loire");
    assert_string_equal(mj_region_find("03")->timezone, "America/Cayenne");
}

static void fr_is_a_partition_and_no_region(void **state)
{
    (void)state;
    mj_error err;
    assert_true(mj_partition_is("FR"));
    assert_true(mj_partition_is("BL"));
    assert_false(mj_partition_is("05"));
    assert_null(mj_region_find("FR"));
    assert_int_equal(mj_region_check("FR", "region", &err), -1);
    assert_string_equal(err.reason, "REGION_UNKNOWN");
    assert_string_equal(err.field, "region");
    assert_non_null(strstr(err.text, "got \"FR\""));
    assert_int_equal(mj_region_check("94", "region", &err), 0);
}

static void an_unknown_region_is_only_repeated_where_it_is_a_code(void **state)
{
    (void)state;
    mj_error err;
    mj_region_check("Dupont", "region", &err);
    assert_null(strstr(err.text, "Dupont"));
    assert_int_equal(mj_region_check("", "region", &err), -1);
    assert_int_equal(mj_region_check("1", "region", &err), -1);
}

static void communes_lie_in_the_region_of_their_department(void **state)
{
    (void)state;
    static const struct { const char *commune, *region;
    } cases[] = {
        {"44109", "52"}, {"01004", "84"}, {"2A004", "94"}, {"2B033", "94"}, {"75056", "11"}, {"97105", "01"},
        {"97209", "02"}, {"97302", "03"}, {"97411", "04"}, {"97608", "06"}, {"97502", "PM"}, {"97701", "BL"},
        {"97801", "MF"}, {"95585", "11"}, {"90010", "27"}, {"13055", "93"}, {"59350", "32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mj_region *r = NULL;
        mj_error err;
        assert_int_equal(mj_region_of_commune(&r, cases[i].commune, "commune", &err), 0);
        assert_string_equal(r->code, cases[i].region);
    }
}

static void every_department_has_one_region(void **state)
{
    (void)state;
    int found = 0;
    for (int d = 0; d < 1000; d++) {
        char commune[16];
        const struct mj_region *r;
        snprintf(commune, sizeof commune, "%03d01", d);
        found += mj_region_of_commune(&r, commune, NULL, NULL) == 0;
    }
    assert_int_equal(found, 94 * 10 + 8);                    /* 94 by two digits (20 is split), 971 to 978 */
}

static int commune_fails(const char *commune, const char *reason)
{
    const struct mj_region *r = NULL;
    mj_error err = { 0 };
    return mj_region_of_commune(&r, commune, "agency.commune", &err) == -1 && !r && !strcmp(err.reason, reason) &&
           !strcmp(err.field, "agency.commune");
}

static void what_is_no_commune_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "4410", "441090", "2C004", "4A109", "A4109", "44 09", "4410é" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(commune_fails(bad[i], "COMMUNE_FORMAT"));
    assert_true(commune_fails("20004", "COMMUNE_UNKNOWN"));
    assert_true(commune_fails("96001", "COMMUNE_UNKNOWN"));
    assert_true(commune_fails("98701", "COMMUNE_UNKNOWN"));
    assert_true(commune_fails("97901", "COMMUNE_UNKNOWN"));
    assert_true(commune_fails("00001", "COMMUNE_UNKNOWN"));
}

static void siren_needs_its_luhn_key(void **state)
{
    (void)state;
    mj_error err;
    assert_int_equal(mj_siren_check("356000000", "siren", &err), 0);
    assert_int_equal(mj_siren_check("732829320", "siren", &err), 0);
    assert_int_equal(mj_siren_check("111222333", "siren", &err), -1);
    assert_string_equal(err.reason, "SIREN_CHECKSUM");
    assert_int_equal(mj_siren_check("73282932", "siren", &err), -1);
    assert_string_equal(err.reason, "SIREN_FORMAT");
    assert_int_equal(mj_siren_check("73282932O", "siren", &err), -1);
    assert_string_equal(err.reason, "SIREN_FORMAT");
}

static int siret_reason(const char *siret, const char *reason)
{
    mj_error err = { 0 };
    int rc = mj_siret_check(siret, "stream", &err);
    return rc == (*reason ? -1 : 0) && strcmp(err.reason, reason) == 0;
}

static void siret_needs_both_keys_but_la_poste(void **state)
{
    (void)state;
    assert_true(siret_reason("73282932000074", ""));
    assert_true(siret_reason("73282932000075", "SIRET_CHECKSUM"));
    assert_true(siret_reason("11122233344455", "SIRET_CHECKSUM"));   /* fits over 14 digits; no SIREN */
    assert_true(siret_reason("35600000000048", ""));                 /* La Poste, by Luhn */
    assert_true(siret_reason("35600000009075", ""));                 /* La Poste, by the sum */
    assert_true(siret_reason("35600000037209", ""));
    assert_true(siret_reason("35600000009076", "SIRET_CHECKSUM"));
    assert_true(siret_reason("732 829 320 00074", "SIRET_FORMAT"));
    assert_true(siret_reason("7328293200007 ", "SIRET_FORMAT"));
    assert_true(siret_reason("", "SIRET_FORMAT"));
}

static void what_is_made_up_passes_its_check(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        char siren[MJ_SIREN_LEN + 1], siret[MJ_SIRET_LEN + 1];
        mj_error err;
        mj_siren_make(siren, 83000000 + i * 7);
        assert_int_equal(mj_siren_check(siren, "s", &err), 0);
        mj_siret_make(siret, siren, i);
        assert_int_equal(mj_siret_check(siret, "s", &err), 0);
        assert_memory_equal(siret, siren, 9);
        siret[i % 14] = siret[i % 14] == '9' ? '0' : (char)(siret[i % 14] + 1);      /* any wrong digit is seen */
        assert_int_equal(mj_siret_check(siret, "s", &err), -1);
    }
}

static int rome_reason(const char *rome, const char *reason)
{
    mj_error err = { 0 };
    int rc = mj_rome_check(rome, "started.rome", &err);
    return rc == (*reason ? -1 : 0) && strcmp(err.reason, reason) == 0;
}

static void rome_has_110_domains(void **state)
{
    (void)state;
    int known = 0;
    for (int i = 0; i < 14 * 100; i++) {
        char rome[16];
        snprintf(rome, sizeof rome, "%c%02d01", 'A' + i / 100, i % 100);
        known += rome_reason(rome, "");
    }
    assert_int_equal(known, 110);
}

static void rome_is_a_letter_and_four_digits(void **state)
{
    (void)state;
    assert_true(rome_reason("N1103", ""));
    assert_true(rome_reason("K2204", ""));
    assert_true(rome_reason("N1901", "ROME_UNKNOWN"));
    assert_true(rome_reason("A1601", "ROME_UNKNOWN"));
    static const char *const bad[] = { "", "N110", "N11031", "n1103", "O1103", "11103", "N1-03", "N11O3" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(rome_reason(bad[i], "ROME_FORMAT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_18_regions_and_3_collectivities),
        cmocka_unit_test(fr_is_a_partition_and_no_region),
        cmocka_unit_test(an_unknown_region_is_only_repeated_where_it_is_a_code),
        cmocka_unit_test(communes_lie_in_the_region_of_their_department),
        cmocka_unit_test(every_department_has_one_region),
        cmocka_unit_test(what_is_no_commune_is_refused),
        cmocka_unit_test(siren_needs_its_luhn_key),
        cmocka_unit_test(siret_needs_both_keys_but_la_poste),
        cmocka_unit_test(what_is_made_up_passes_its_check),
        cmocka_unit_test(rome_has_110_domains),
        cmocka_unit_test(rome_is_a_letter_and_four_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
