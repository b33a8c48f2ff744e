/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/auth/who.h"
#include "common/base/buf.h"
#include "missionjeunes/registry/v1/entries.pb-c.h"

#define KEY_HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_HEX "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

enum { ORGANISATION = 16, PRINCIPAL, KEY_ADDED, KEY_REVOKED, RULE_SET };

static uint64_t position;

static int setup(void **state)
{
    position = 0;
    *state = mj_who_create();
    return 0;
}

static int teardown(void **state)
{
    mj_who_destroy(*state);
    return 0;
}

static void fold(struct mj_who *w, uint32_t type, const ProtobufCMessage *m)
{
    struct mj_buf buf = MJ_BUF_INIT;
    mj_error err;
    mj_buf_pack(&buf, m);
    assert_int_equal(mj_who_fold(w, ++position, type, buf.data, buf.len, &err), 0);
    mj_buf_free(&buf);
}

static void declare_principal(struct mj_who *w, char *id, char *organisation, enum mj_role role, char *region)
{
    Missionjeunes__Registry__V1__Principal p = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL__INIT;
    Missionjeunes__Registry__V1__PrincipalDeclared m = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL_DECLARED__INIT;
    p.id = id;
    p.organisation = organisation;
    p.role = (Missionjeunes__Registry__V1__Role)role;
    p.regions = &region;
    p.n_regions = region ? 1 : 0;
    m.principal = &p;
    fold(w, PRINCIPAL, &m.base);
}

static void add_key(struct mj_who *w, char *id, int byte)
{
    uint8_t key[32];
    Missionjeunes__Registry__V1__KeyAdded m = MISSIONJEUNES__REGISTRY__V1__KEY_ADDED__INIT;
    memset(key, byte, sizeof key);
    m.principal = id;
    m.public_key = (ProtobufCBinaryData){ sizeof key, key };
    fold(w, KEY_ADDED, &m.base);
}

static void revoke_key(struct mj_who *w, int byte)
{
    uint8_t key[32];
    Missionjeunes__Registry__V1__KeyRevoked m = MISSIONJEUNES__REGISTRY__V1__KEY_REVOKED__INIT;
    memset(key, byte, sizeof key);
    m.public_key = (ProtobufCBinaryData){ sizeof key, key };
    fold(w, KEY_REVOKED, &m.base);
}

static void declare_organisation(struct mj_who *w, int kind, char *id, char *name)
{
    Missionjeunes__Registry__V1__Organisation o = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;
    Missionjeunes__Registry__V1__OrganisationDeclared m = MISSIONJEUNES__REGISTRY__V1__ORGANISATION_DECLARED__INIT;
    o.kind = (Missionjeunes__Registry__V1__OrganisationKind)kind;
    o.id = id;
    o.name = name;
    m.organisation = &o;
    fold(w, ORGANISATION, &m.base);
}

static void set_rule(struct mj_who *w, uint32_t version, char *valid_from, unsigned age_limit)
{
    Missionjeunes__Registry__V1__ProgrammeRule r = MISSIONJEUNES__REGISTRY__V1__PROGRAMME_RULE__INIT;
    Missionjeunes__Registry__V1__RuleSet m = MISSIONJEUNES__REGISTRY__V1__RULE_SET__INIT;
    r.programme = MISSIONJEUNES__REGISTRY__V1__PROGRAMME__PROGRAMME_CEJ;
    r.version = version;
    r.valid_from = valid_from;
    r.age_min = 16;
    r.age_limit = age_limit;
    r.age_limit_rqth = 30;
    m.rule = &r;
    fold(w, RULE_SET, &m.base);
}

static const struct mj_principal *by_key(const struct mj_who *w, int byte)
{
    uint8_t key[32];
    memset(key, byte, sizeof key);
    return mj_who_by_key(w, key);
}

static int bootstrap(struct mj_who *w, const char *text, mj_error *err)
{
    char path[] = "/tmp/mj-who-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    int rc = mj_who_bootstrap(w, path, err);
    unlink(path);
    return rc;
}

/* ---- */

static void a_key_answers_with_its_principal(void **state)
{
    struct mj_who *w = *state;
    declare_principal(w, "agence-nantes", "", MJ_ROLE_AGENCY, "52");
    assert_null(by_key(w, 1));
    add_key(w, "agence-nantes", 1);
    const struct mj_principal *p = by_key(w, 1);
    assert_non_null(p);
    assert_string_equal(p->id, "agence-nantes");
    assert_int_equal(p->role, MJ_ROLE_AGENCY);
    assert_true(mj_principal_in(p, "52"));
    assert_false(mj_principal_in(p, "75"));
    assert_false(mj_principal_in(p, "FR"));
}

static void a_principal_without_regions_is_everywhere(void **state)
{
    struct mj_who *w = *state;
    declare_principal(w, "op", "", MJ_ROLE_OPERATOR, NULL);
    assert_true(mj_principal_in(mj_who_by_id(w, "op"), "52"));
    assert_true(mj_principal_in(mj_who_by_id(w, "op"), "FR"));
}

static void a_region_unknown_here_gives_no_right(void **state)
{
    struct mj_who *w = *state;
    declare_principal(w, "op", "", MJ_ROLE_OPERATOR, "ZZ");
    assert_false(mj_principal_in(mj_who_by_id(w, "op"), "52"));
    assert_false(mj_principal_in(mj_who_by_id(w, "op"), "ZZ"));
}

static void a_revoked_key_is_remembered_for_ever(void **state)
{
    struct mj_who *w = *state;
    bool revoked = false;
    uint8_t key[32];
    declare_principal(w, "a", "", MJ_ROLE_AGENCY, NULL);
    add_key(w, "a", 1);
    add_key(w, "a", 2);
    revoke_key(w, 1);
    assert_null(by_key(w, 1));
    assert_non_null(by_key(w, 2));
    add_key(w, "a", 1);
    assert_null(by_key(w, 1));
    memset(key, 1, sizeof key);
    assert_true(mj_who_key_known(w, key, &revoked));
    assert_true(revoked);
}

static void a_key_revoked_before_it_was_added_stays_out(void **state)
{
    struct mj_who *w = *state;
    declare_principal(w, "a", "", MJ_ROLE_AGENCY, NULL);
    revoke_key(w, 9);
    add_key(w, "a", 9);
    assert_null(by_key(w, 9));
}

static void a_key_keeps_its_first_principal(void **state)
{
    struct mj_who *w = *state;
    declare_principal(w, "a", "", MJ_ROLE_AGENCY, NULL);
    declare_principal(w, "b", "", MJ_ROLE_OPERATOR, NULL);
    add_key(w, "a", 1);
    add_key(w, "b", 1);
    assert_string_equal(by_key(w, 1)->id, "a");
}

static void a_principal_declared_again_has_its_new_role_and_its_keys(void **state)
{
    struct mj_who *w = *state;
    declare_principal(w, "a", "", MJ_ROLE_AGENCY, NULL);
    add_key(w, "a", 1);
    declare_principal(w, "a", "", MJ_ROLE_COMMITTEE, "11");
    assert_int_equal(by_key(w, 1)->role, MJ_ROLE_COMMITTEE);
}

static void the_bootstrap_file_wins_over_entries(void **state)
{
    struct mj_who *w = *state;
    mj_error err;
    assert_int_equal(bootstrap(w,
                               "# services\n\nplacements service " KEY_HEX
                               " follows=registry,placements regions=52,FR\n"
                               "op operator " OTHER_HEX "   # the first one\n",
                               &err),
                     0);
    declare_principal(w, "placements", "", MJ_ROLE_AGENCY, NULL);
    add_key(w, "placements", 7);
    revoke_key(w, 0xaa);
    const struct mj_principal *p = by_key(w, 0xaa);
    assert_non_null(p);
    assert_int_equal(p->role, MJ_ROLE_SERVICE);
    assert_string_equal(p->follows, "registry placements");
    assert_true(mj_principal_in(p, "FR"));
    assert_false(mj_principal_in(p, "75"));
    assert_null(by_key(w, 7));
    assert_true(mj_who_in_bootstrap(w, "op"));
    assert_int_equal(by_key(w, 0xbb)->role, MJ_ROLE_OPERATOR);
}

static void forgetting_keeps_the_bootstrap_rows_alone(void **state)
{
    struct mj_who *w = *state;
    mj_error err;
    assert_int_equal(bootstrap(w, "op operator " KEY_HEX "\n", &err), 0);
    declare_principal(w, "a", "", MJ_ROLE_AGENCY, NULL);
    add_key(w, "a", 1);
    declare_organisation(w, MJ_ORGANISATION_ETT, "732829320", "x");
    mj_who_reset(w);
    assert_null(by_key(w, 1));
    assert_non_null(by_key(w, 0xaa));
    assert_null(mj_who_organisation(w, "732829320"));
    assert_int_equal(mj_who_position(w), 0);
}

static void a_bad_bootstrap_line_is_named(void **state)
{
    static const char *const bad[] = {
        "a operator\n", "a nobody " KEY_HEX "\n", "A operator " KEY_HEX "\n", "a operator abcd\n",
        "a operator " KEY_HEX " follows=registry\n", "a operator " KEY_HEX " regions=ZZ\n",
        "a operator " KEY_HEX " organisation=123456789\n", "a operator " KEY_HEX " colour=red\n",
        "b operator " OTHER_HEX "\nb service " KEY_HEX "\n", "b operator " KEY_HEX "\nc operator " KEY_HEX "\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mj_who *w = mj_who_create();
        mj_error err;
        assert_int_equal(bootstrap(w, bad[i], &err), -1);
        assert_string_equal(err.reason, "BOOTSTRAP");
        assert_non_null(strstr(err.text, i < 8 ? "line 1" : "line 2"));
        mj_who_destroy(w);
    }
}

static void the_next_decision_takes_the_new_rule(void **state)
{
    struct mj_who *w = *state;
    int cej = MISSIONJEUNES__REGISTRY__V1__PROGRAMME__PROGRAMME_CEJ;
    mj_date day = mj_date_of(2026, 3, 1);
    assert_null(mj_who_rule(w, cej, day));
    set_rule(w, 1, "2022-03-01", 26);
    assert_int_equal(mj_who_rule(w, cej, day)->age_limit, 26);
    set_rule(w, 2, "2026-03-01", 28);
    assert_int_equal(mj_who_rule(w, cej, day)->age_limit, 28);
    assert_int_equal(mj_who_rule(w, cej, day - 1)->age_limit, 26);
    set_rule(w, 3, "2022-03-01", 27);
    assert_int_equal(mj_who_rule(w, cej, day - 1)->age_limit, 27);
    assert_int_equal(mj_who_rule(w, cej, day)->version, 2);
    assert_null(mj_who_rule(w, cej, mj_date_of(2022, 2, 28)));
    assert_int_equal(mj_who_rule_versions(w, cej), 3);
    assert_int_equal(mj_who_rule_versions(w, cej - 1), 0);
}

static void an_agency_owns_its_siret_or_those_of_its_ett(void **state)
{
    struct mj_who *w = *state;
    char siret[15], other[15];
    mj_siret_make(siret, "732829320", 1);
    mj_siret_make(other, "732829320", 2);
    declare_principal(w, "ett", "732829320", MJ_ROLE_AGENCY, NULL);
    declare_principal(w, "agency", siret, MJ_ROLE_AGENCY, NULL);
    declare_principal(w, "committee", "732829320", MJ_ROLE_COMMITTEE, NULL);
    assert_null(mj_who_own_stream(w, mj_who_by_id(w, "ett"), siret));
    declare_organisation(w, MJ_ORGANISATION_AGENCY, siret, "Nantes");
    assert_null(mj_who_own_stream(w, mj_who_by_id(w, "ett"), siret));
    declare_organisation(w, MJ_ORGANISATION_ETT, "732829320", "ETT");
    assert_non_null(mj_who_own_stream(w, mj_who_by_id(w, "ett"), siret));
    assert_non_null(mj_who_own_stream(w, mj_who_by_id(w, "agency"), siret));
    assert_null(mj_who_own_stream(w, mj_who_by_id(w, "agency"), other));
    assert_null(mj_who_own_stream(w, mj_who_by_id(w, "committee"), siret));
    declare_organisation(w, MJ_ORGANISATION_MISSION_LOCALE, other, "ML");
    assert_null(mj_who_own_stream(w, mj_who_by_id(w, "ett"), other));
}

static void organisations_are_listed_by_id(void **state)
{
    struct mj_who *w = *state;
    const struct mj_organisation *page[300];
    char id[16];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "%09u", (i * 7919u) % 1000000u);
        declare_organisation(w, MJ_ORGANISATION_ETT, id, "x");
    }
    declare_organisation(w, MJ_ORGANISATION_ETT, id, "renamed");
    assert_int_equal(mj_who_list(w, "", page, 300), 300);
    for (unsigned i = 1; i < 300; i++)
        assert_true(strcmp(page[i - 1]->id, page[i]->id) < 0);
    assert_string_equal(mj_who_organisation(w, id)->name, "renamed");
    char after[16];
    strcpy(after, page[149]->id);
    const char *next = page[150]->id;
    assert_int_equal(mj_who_list(w, after, page, 10), 10);
    assert_string_equal(page[0]->id, next);
}

static void entries_are_folded_once_and_others_passed_over(void **state)
{
    struct mj_who *w = *state;
    mj_error err;
    assert_int_equal(mj_who_fold(w, 5, 1, (const uint8_t *)"\xff", 1, &err), 0);
    assert_int_equal(mj_who_position(w), 5);
    assert_int_equal(mj_who_fold(w, 5, PRINCIPAL, (const uint8_t *)"\xff", 1, &err), 0);
    assert_int_equal(mj_who_fold(w, 6, PRINCIPAL, (const uint8_t *)"\xff", 1, &err), -1);
    assert_int_equal(err.code, MJ_DATA_LOSS);
    assert_int_equal(mj_who_position(w), 5);
}

static void roles_have_names(void **state)
{
    (void)state;
    assert_int_equal(mj_role_of("mission_locale"), MJ_ROLE_MISSION_LOCALE);
    assert_int_equal(mj_role_of("none"), MJ_ROLE_NONE);
    assert_string_equal(mj_role_name(MJ_ROLE_DEMO), "demo");
    assert_string_equal(mj_role_name((enum mj_role)99), "none");
    assert_int_equal(MJ_ROLES_ALL, 0x1fe);
}

/* A later release may take rights away by an entry of a new type: passing it over would keep them. */
static void an_entry_of_an_unknown_type_is_not_passed_over(void **state)
{
    mj_error err = { 0 };

    assert_int_equal(mj_who_fold(*state, ++position, RULE_SET + 90, (const uint8_t *)"", 0, &err), -1);
    assert_int_equal(err.code, MJ_UNIMPLEMENTED);
    assert_int_equal(mj_who_position(*state), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_key_answers_with_its_principal), T(a_principal_without_regions_is_everywhere),
        T(an_entry_of_an_unknown_type_is_not_passed_over),
        T(a_region_unknown_here_gives_no_right), T(a_revoked_key_is_remembered_for_ever),
        T(a_key_revoked_before_it_was_added_stays_out), T(a_key_keeps_its_first_principal),
        T(a_principal_declared_again_has_its_new_role_and_its_keys), T(the_bootstrap_file_wins_over_entries),
        T(forgetting_keeps_the_bootstrap_rows_alone), T(a_bad_bootstrap_line_is_named),
        T(the_next_decision_takes_the_new_rule), T(an_agency_owns_its_siret_or_those_of_its_ett),
        T(organisations_are_listed_by_id), T(entries_are_folded_once_and_others_passed_over), T(roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
