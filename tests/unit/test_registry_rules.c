/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* registry's pure rules: organisations, principals, keys, age rules, enrolments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "registry/enrolment.h"
#include "registry/key.h"
#include "registry/organisation.h"
#include "registry/principal.h"
#include "registry/rule.h"

static mj_error err;

#define REFUSED(call, why, where) do { \
        err = (mj_error){ 0 }; \
        assert_int_equal((call), -1); \
        assert_string_equal(err.reason, (why)); \
        assert_string_equal(err.field, (where)); \
    } while (0)

/* ---- organisations ---- */

static char siren[MJ_SIREN_LEN + 1], siret[MJ_SIRET_LEN + 1];

static pb_organisation organisation(int kind, const char *id, const char *name, const char *commune)
{
    pb_organisation o = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;

    o.kind = (Missionjeunes__Registry__V1__OrganisationKind)kind;
    o.id = (char *)id;
    o.name = (char *)name;
    o.commune = (char *)commune;
    return o;
}

static void an_agency_gets_its_region_and_ett_from_commune_and_siret(void **state)
{
    pb_organisation in = organisation(MJ_ORGANISATION_AGENCY, siret, "Agence de Nantes", "44109");
    struct mj_organisation o;

    (void)state;
    assert_int_equal(mj_organisation_check(&o, &in, false, &err), 0);
    assert_string_equal(o.region, "52");
    assert_string_equal(o.parent, siren);
}

static void ids_are_checked_by_kind(void **state)
{
    pb_organisation in = organisation(MJ_ORGANISATION_ETT, siret, "ETT", "");
    struct mj_organisation o;

    (void)state;
    REFUSED(mj_organisation_check(&o, &in, false, &err), "SIREN_FORMAT", "id");
    in = organisation(MJ_ORGANISATION_MISSION_LOCALE, siren, "ML", "44109");
    REFUSED(mj_organisation_check(&o, &in, false, &err), "SIRET_FORMAT", "id");
    in = organisation(MJ_ORGANISATION_PARTNER, "111222333", "P", "");
    REFUSED(mj_organisation_check(&o, &in, false, &err), "SIREN_CHECKSUM", "id");
    in = organisation(9, siren, "P", "");
    REFUSED(mj_organisation_check(&o, &in, false, &err), "KIND_UNKNOWN", "kind");
}

static void names_are_1_to_200_bytes_of_clean_utf8(void **state)
{
    char name[MJ_SIREN_LEN + 300];
    pb_organisation in = organisation(MJ_ORGANISATION_ETT, siren, name, "");
    struct mj_organisation o;

    (void)state;
    memset(name, 'n', sizeof name);
    name[200] = '\0';
    assert_int_equal(mj_organisation_check(&o, &in, false, &err), 0);
    name[200] = 'n', name[201] = '\0';
    REFUSED(mj_organisation_check(&o, &in, false, &err), "TEXT_LENGTH", "name");
    name[0] = '\0';
    REFUSED(mj_organisation_check(&o, &in, false, &err), "TEXT_EMPTY", "name");
    in.name = (char *)"ligne\nsuivante";
    REFUSED(mj_organisation_check(&o, &in, false, &err), "TEXT_CONTROL", "name");
    in.name = (char *)"C1 \xc2\x85";
    REFUSED(mj_organisation_check(&o, &in, false, &err), "TEXT_CONTROL", "name");
    in.name = (char *)"latin \xe9";
    REFUSED(mj_organisation_check(&o, &in, false, &err), "INVALID_UTF8", "name");
    in.name = (char *)"Intérim Été, à Noël";
    assert_int_equal(mj_organisation_check(&o, &in, false, &err), 0);
}

static void what_registry_sets_is_not_taken_from_outside(void **state)
{
    pb_organisation in = organisation(MJ_ORGANISATION_AGENCY, siret, "A", "44109");
    struct mj_organisation o;

    (void)state;
    in.region = (char *)"75";
    REFUSED(mj_organisation_check(&o, &in, false, &err), "SET_BY_REGISTRY", "region");
    in = organisation(MJ_ORGANISATION_ETT, siren, "A", "44109");
    REFUSED(mj_organisation_check(&o, &in, false, &err), "COMMUNE_UNWANTED", "commune");
}

static struct mj_organisation row(int kind, const char *id, const char *name, const char *commune)
{
    pb_organisation in = organisation(kind, id, name, commune);
    struct mj_organisation o;

    assert_int_equal(mj_organisation_check(&o, &in, true, &err), 0);
    return o;
}

static void an_agency_keeps_its_region_for_good(void **state)
{
    struct mj_organisation ett = row(MJ_ORGANISATION_ETT, siren, "ETT", "");
    struct mj_organisation before = row(MJ_ORGANISATION_AGENCY, siret, "A", "44109"), now;
    bool changed;

    (void)state;
    now = row(MJ_ORGANISATION_AGENCY, siret, "A", "75056");
    REFUSED(mj_organisation_decide(&now, &before, &ett, &changed, &err), "REGION_FROZEN", "commune");
    now = row(MJ_ORGANISATION_AGENCY, siret, "A", "44143");      /* another commune of the region */
    assert_int_equal(mj_organisation_decide(&now, &before, &ett, &changed, &err), 0);
    assert_true(changed);
    now = before;
    assert_int_equal(mj_organisation_decide(&now, &before, &ett, &changed, &err), 0);
    assert_false(changed);
}

static void an_agency_needs_its_ett(void **state)
{
    struct mj_organisation now = row(MJ_ORGANISATION_AGENCY, siret, "A", "44109");
    struct mj_organisation partner = row(MJ_ORGANISATION_PARTNER, siren, "P", "");
    bool changed;

    (void)state;
    REFUSED(mj_organisation_decide(&now, NULL, NULL, &changed, &err), "PARENT_UNKNOWN", "id");
    REFUSED(mj_organisation_decide(&now, NULL, &partner, &changed, &err), "PARENT_UNKNOWN", "id");
}

static void a_missing_name_is_the_one_that_stands_or_the_etts(void **state)
{
    struct mj_organisation ett = row(MJ_ORGANISATION_ETT, siren, "Intérim Ouest", "");
    struct mj_organisation before = row(MJ_ORGANISATION_AGENCY, siret, "Agence", "44109"), now;
    bool changed;

    (void)state;
    now = row(MJ_ORGANISATION_AGENCY, siret, "", "44109");
    assert_int_equal(mj_organisation_decide(&now, NULL, &ett, &changed, &err), 0);
    assert_string_equal(now.name, "Intérim Ouest");
    now = row(MJ_ORGANISATION_AGENCY, siret, "", "44109");
    assert_int_equal(mj_organisation_decide(&now, &before, &ett, &changed, &err), 0);
    assert_string_equal(now.name, "Agence");
    assert_false(changed);
}

static void a_kind_never_changes(void **state)
{
    struct mj_organisation before = row(MJ_ORGANISATION_ETT, siren, "E", "");
    struct mj_organisation now = row(MJ_ORGANISATION_PARTNER, siren, "E", "");
    bool changed;

    (void)state;
    REFUSED(mj_organisation_decide(&now, &before, NULL, &changed, &err), "KIND_FROZEN", "kind");
}

/* ---- principals and keys ---- */

static pb_principal principal(const char *id, int role, const char *of)
{
    pb_principal p = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL__INIT;

    p.id = (char *)id;
    p.role = (Missionjeunes__Registry__V1__Role)role;
    p.organisation = (char *)of;
    return p;
}

static void ids_of_principals_are_short_and_plain(void **state)
{
    static const char *const bad[] = { "", "Nantes", "a b", "é", "abcdefghijklmnopqrstuvwxyz0123456" };
    pb_principal in = principal("interim-ouest-1", MJ_ROLE_AGENCY, siren);
    struct mj_principal p;

    (void)state;
    assert_int_equal(mj_principal_check(&p, &in, false, &err), 0);
    assert_true(p.regions == MJ_REGIONS_ALL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        in.id = (char *)bad[i];
        REFUSED(mj_principal_check(&p, &in, false, &err), "PRINCIPAL_FORMAT", "id");
    }
}

static void services_are_never_declared_and_demo_only_on_made_up_data(void **state)
{
    pb_principal in = principal("x", MJ_ROLE_SERVICE, "");
    struct mj_principal p;

    (void)state;
    REFUSED(mj_principal_check(&p, &in, true, &err), "ROLE_SERVICE_RESERVED", "role");
    in = principal("x", MJ_ROLE_DEMO, "");
    REFUSED(mj_principal_check(&p, &in, false, &err), "ROLE_DEMO_REFUSED", "role");
    assert_int_equal(mj_principal_check(&p, &in, true, &err), 0);
    in = principal("x", 0, "");
    REFUSED(mj_principal_check(&p, &in, true, &err), "ROLE_UNKNOWN", "role");
    in = principal("x", 42, "");
    REFUSED(mj_principal_check(&p, &in, true, &err), "ROLE_UNKNOWN", "role");
}

static void regions_become_a_mask(void **state)
{
    char *codes[] = { (char *)"52", (char *)"FR" }, *bad[] = { (char *)"52", (char *)"52 " };
    uint64_t mask;
    struct mj_principal p = { .regions = 0 };

    (void)state;
    assert_int_equal(mj_regions_mask(&mask, codes, 2, &err), 0);
    p.regions = mask;
    assert_true(mj_principal_in(&p, "52"));
    assert_true(mj_principal_in(&p, "FR"));
    assert_false(mj_principal_in(&p, "75"));
    REFUSED(mj_regions_mask(&mask, bad, 2, &err), "REGION_UNKNOWN", "regions[1]");
}

static void a_principal_belongs_to_a_fitting_organisation_for_good(void **state)
{
    struct mj_organisation ett = row(MJ_ORGANISATION_ETT, siren, "E", "");
    struct mj_principal now = { .id = "a", .role = MJ_ROLE_AGENCY, .regions = 1 }, before;
    bool changed;

    (void)state;
    memcpy(now.organisation, siren, sizeof siren);
    REFUSED(mj_principal_decide(&now, NULL, NULL, false, &changed, &err), "ORGANISATION_UNKNOWN", "organisation");
    REFUSED(mj_principal_decide(&now, NULL, &ett, true, &changed, &err), "PRINCIPAL_RESERVED", "id");
    assert_int_equal(mj_principal_decide(&now, NULL, &ett, false, &changed, &err), 0);
    assert_true(changed);
    before = now;
    assert_int_equal(mj_principal_decide(&now, &before, &ett, false, &changed, &err), 0);
    assert_false(changed);
    before.organisation[0] = 'x';
    REFUSED(mj_principal_decide(&now, &before, &ett, false, &changed, &err), "ORGANISATION_FROZEN", "organisation");
    now.role = MJ_ROLE_MISSION_LOCALE;
    REFUSED(mj_principal_decide(&now, NULL, &ett, false, &changed, &err), "ORGANISATION_KIND", "organisation");
    now = (struct mj_principal){ .id = "o", .role = MJ_ROLE_OPERATOR };
    assert_int_equal(mj_principal_decide(&now, NULL, NULL, false, &changed, &err), 0);
}

static void a_key_is_used_once_and_two_are_active_at_most(void **state)
{
    (void)state;
    assert_int_equal(mj_key_may_add(true, false, false, 1, &err), 0);
    REFUSED(mj_key_may_add(true, false, true, 0, &err), "KEY_USED", "public_key");
    REFUSED(mj_key_may_add(true, false, false, 2, &err), "KEY_LIMIT", "principal");
    REFUSED(mj_key_may_add(false, false, false, 0, &err), "PRINCIPAL_UNKNOWN", "principal");
    REFUSED(mj_key_may_add(false, true, false, 0, &err), "PRINCIPAL_RESERVED", "principal");
    REFUSED(mj_key_may_revoke(false, false, &err), "KEY_UNKNOWN", "public_key");
    REFUSED(mj_key_may_revoke(false, true, &err), "KEY_RESERVED", "public_key");
    assert_int_equal(mj_key_may_revoke(true, false, &err), 0);
}

static void a_key_has_32_bytes_that_differ(void **state)
{
    uint8_t bytes[33] = { 1, 2 };
    ProtobufCBinaryData key = { 32, bytes };

    (void)state;
    assert_int_equal(mj_key_check(&key, &err), 0);
    key.len = 33;
    REFUSED(mj_key_check(&key, &err), "KEY_LENGTH", "public_key");
    memset(bytes, 0, sizeof bytes);
    key.len = 32;
    REFUSED(mj_key_check(&key, &err), "KEY_WEAK", "public_key");
}

/* ---- age rules and enrolments ---- */

static pb_rule rule(void)
{
    pb_rule r = MISSIONJEUNES__REGISTRY__V1__PROGRAMME_RULE__INIT;

    r.programme = MISSIONJEUNES__REGISTRY__V1__PROGRAMME__PROGRAMME_CEJ;
    r.valid_from = (char *)"2022-03-01";
    r.age_min = 16, r.age_limit = 26, r.age_limit_rqth = 30;
    r.source = (char *)"Code du travail, art. L.5131-6";
    return r;
}

static void a_rule_says_its_range_and_its_source(void **state)
{
    struct mj_age_rule ret;
    pb_rule r = rule();

    (void)state;
    assert_int_equal(mj_rule_check(&ret, &r, &err), 0);
    r = rule(), r.source = (char *)"";
    REFUSED(mj_rule_check(&ret, &r, &err), "TEXT_EMPTY", "source");
    r = rule(), r.age_limit = 16;
    REFUSED(mj_rule_check(&ret, &r, &err), "AGE_RANGE", "age_limit");
    r = rule(), r.age_limit_rqth = 25;
    REFUSED(mj_rule_check(&ret, &r, &err), "AGE_RANGE", "age_limit_rqth");
    r = rule(), r.age_min = 4294967295u;
    REFUSED(mj_rule_check(&ret, &r, &err), "AGE_RANGE", "age_min");
    r = rule(), r.version = 3;
    REFUSED(mj_rule_check(&ret, &r, &err), "SET_BY_REGISTRY", "version");
    r = rule(), r.valid_from = (char *)"2022-02-30";
    assert_int_equal(mj_rule_check(&ret, &r, &err), -1);
    assert_string_equal(err.field, "valid_from");
}

static void the_default_rules_are_valid(void **state)
{
    (void)state;
    for (const struct mj_default_rule *d = mj_default_rules; d->programme; d++) {
        pb_rule r = rule();
        struct mj_age_rule ret;

        r.programme = (Missionjeunes__Registry__V1__Programme)d->programme;
        r.valid_from = (char *)d->valid_from, r.source = (char *)d->source;
        r.age_min = d->age_min, r.age_limit = d->age_limit, r.age_limit_rqth = d->age_limit_rqth;
        assert_int_equal(mj_rule_check(&ret, &r, &err), 0);
    }
}

static const struct mj_age_rule cej = { MJ_CEJ, 2, 0, 16, 26, 30 };

/* 0 or -1; *age is set where it is admitted. */
static int decide(const char *birth, const char *entry_on, bool rqth, unsigned *age)
{
    pb_enrol in = MISSIONJEUNES__REGISTRY__V1__ENROL_REQUEST__INIT;
    struct mj_enrolment e;

    in.birth_date = (char *)birth;
    in.entry_on = (char *)entry_on;
    in.rqth = rqth;
    in.programme = MISSIONJEUNES__REGISTRY__V1__PROGRAMME__PROGRAMME_CEJ;
    if (mj_enrolment_check(&e, &in, mj_date_of(2026, 11, 21), &err) < 0)
        return -1;
    return mj_enrolment_decide(&e, &cej, age, &err);
}

static void sixteen_starts_on_the_birthday(void **state)
{
    unsigned age = 0;

    (void)state;
    assert_int_equal(decide("2010-09-15", "2026-09-15", false, &age), 0);
    assert_int_equal(age, 16);
    REFUSED(decide("2010-09-16", "2026-09-15", false, &age), "AGE_OUTSIDE_RULE", "birth_date");
}

static void twenty_six_ends_on_the_birthday(void **state)
{
    unsigned age = 0;

    (void)state;
    assert_int_equal(decide("2000-09-16", "2026-09-15", false, &age), 0);
    assert_int_equal(age, 25);
    REFUSED(decide("2000-09-15", "2026-09-15", false, &age), "AGE_OUTSIDE_RULE", "birth_date");
}

static void rqth_moves_the_limit_to_thirty(void **state)
{
    unsigned age = 0;

    (void)state;
    assert_int_equal(decide("1996-09-16", "2026-09-15", true, &age), 0);
    assert_int_equal(age, 29);
    REFUSED(decide("1996-09-16", "2026-09-15", false, &age), "AGE_OUTSIDE_RULE", "birth_date");
    REFUSED(decide("1996-09-15", "2026-09-15", true, &age), "AGE_OUTSIDE_RULE", "birth_date");
}

static void somebody_born_on_29_february_is_older_on_1_march(void **state)
{
    unsigned age = 0;

    (void)state;
    assert_int_equal(decide("2000-02-29", "2026-02-28", false, &age), 0);
    assert_int_equal(age, 25);
    REFUSED(decide("2000-02-29", "2026-03-01", false, &age), "AGE_OUTSIDE_RULE", "birth_date");
    REFUSED(decide("2008-02-29", "2024-02-28", false, &age), "AGE_OUTSIDE_RULE", "birth_date");
    assert_int_equal(decide("2008-02-29", "2024-02-29", false, &age), 0);
}

static void no_error_shows_the_birth_date(void **state)
{
    static const char *const births[] = { "1996-09-15", "1996-13-41", "2030-01-01", "1901-01-01", "né en 1996" };

    (void)state;
    for (size_t i = 0; i < sizeof births / sizeof births[0]; i++) {
        unsigned age;

        assert_int_equal(decide(births[i], "2026-09-15", false, &age), -1);
        assert_string_equal(err.field, "birth_date");
        assert_null(strstr(err.text, births[i]));
        assert_null(strstr(err.text, "1996"));
    }
    unsigned age;
    REFUSED(decide("1996-09-15", "2026-09-15", false, &age), "AGE_OUTSIDE_RULE", "birth_date");
    assert_non_null(strstr(err.text, "rule 2 of CEJ"));
    assert_non_null(strstr(err.text, "from 16 to under 26"));
}

static void entry_is_at_most_90_days_ahead(void **state)
{
    unsigned age;

    (void)state;
    assert_int_equal(decide("2006-01-01", "2027-02-19", false, &age), 0);
    REFUSED(decide("2006-01-01", "2027-02-20", false, &age), "ENTRY_TOO_FAR", "entry_on");
}

static void no_rule_no_entry(void **state)
{
    struct mj_enrolment e = { .programme = MJ_CEJ, .entry_on = 100, .birth = 0 };
    unsigned age;

    (void)state;
    REFUSED(mj_enrolment_decide(&e, NULL, &age, &err), "RULE_MISSING", "entry_on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agency_gets_its_region_and_ett_from_commune_and_siret),
        cmocka_unit_test(ids_are_checked_by_kind),
        cmocka_unit_test(names_are_1_to_200_bytes_of_clean_utf8),
        cmocka_unit_test(what_registry_sets_is_not_taken_from_outside),
        cmocka_unit_test(an_agency_keeps_its_region_for_good),
        cmocka_unit_test(an_agency_needs_its_ett),
        cmocka_unit_test(a_missing_name_is_the_one_that_stands_or_the_etts),
        cmocka_unit_test(a_kind_never_changes),
        cmocka_unit_test(ids_of_principals_are_short_and_plain),
        cmocka_unit_test(services_are_never_declared_and_demo_only_on_made_up_data),
        cmocka_unit_test(regions_become_a_mask),
        cmocka_unit_test(a_principal_belongs_to_a_fitting_organisation_for_good),
        cmocka_unit_test(a_key_is_used_once_and_two_are_active_at_most),
        cmocka_unit_test(a_key_has_32_bytes_that_differ),
        cmocka_unit_test(a_rule_says_its_range_and_its_source),
        cmocka_unit_test(the_default_rules_are_valid),
        cmocka_unit_test(sixteen_starts_on_the_birthday),
        cmocka_unit_test(twenty_six_ends_on_the_birthday),
        cmocka_unit_test(rqth_moves_the_limit_to_thirty),
        cmocka_unit_test(somebody_born_on_29_february_is_older_on_1_march),
        cmocka_unit_test(no_error_shows_the_birth_date),
        cmocka_unit_test(entry_is_at_most_90_days_ahead),
        cmocka_unit_test(no_rule_no_entry),
    };

    mj_siren_make(siren, 73282932);
    mj_siret_make(siret, siren, 7);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
