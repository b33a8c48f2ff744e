/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* registry's commands on real partitions: decided, folded, found again after a restart; who follows "FR". */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "registry/commands.h"
#include "support/cache.h"

#define BIRTH "2005-04-17"

static struct mj_threads threads;
static struct mj_registry app;
static struct mj_partition *fr, *region;
static char directory[64];
static char ett[MJ_SIREN_LEN + 1], agency[MJ_SIRET_LEN + 1], mission_locale[MJ_SIRET_LEN + 1];
static mj_error err;

/* ---- partitions and who ---- */

static struct mj_partition *open_one(const char *code)
{
    char path[96];
    struct mj_partition_options o = { &threads, path, code, "test", 1u << 20 };
    struct mj_domain domain = mj_registry_domain;
    struct mj_partition *p = NULL;

    snprintf(path, sizeof path, "%s/%s", directory, code);
    domain.app = &app;
    if (mj_partition_open(&p, &domain, &o, &err) < 0)
        fail_msg("%s %s", err.reason, err.text);
    return p;
}

static void on_drained(void *arg)
{
    *(bool *)arg = true;
    mj_loop_stop(threads.loop);
}

static void close_one(struct mj_partition *p, bool cleanly)
{
    bool drained = !cleanly;

    if (cleanly)
        mj_partition_drain(p, on_drained, &drained);
    while (!drained)
        mj_loop_run(threads.loop);
    mj_partition_close(p);
}

/* As a restart: the service forgets all, then opens again; who follows from 1. */
static void restart(bool cleanly)
{
    close_one(fr, cleanly);
    close_one(region, cleanly);
    app.tag_count = 0;
    mj_who_reset(app.who);
    fr = open_one("FR");
    region = open_one("52");
}

static int follow_entry(void *arg, const struct mj_entry *e)
{
    (void)arg;
    assert_int_equal(mj_who_fold(app.who, e->position, e->type, e->payload, e->payload_len, &err), 0);
    return 0;
}

static int follow_commit(void *arg, const struct mj_commit *c)
{
    struct mj_arena *a = mj_arena_create(0);

    assert_int_equal(mj_block_each(c, a, follow_entry, arg, &err), 0);
    mj_arena_destroy(a);
    return 0;
}

/* Brings who to the end of "FR", as following does. */
static void follow(void)
{
    struct mj_log_reader *r;

    assert_int_equal(mj_log_reader_open(&r, mj_partition_log_url(fr), &err), 0);
    assert_int_equal(mj_log_read(r, 1, SIZE_MAX, follow_commit, NULL, &err), 0);
    mj_log_reader_close(r);
}

/* ---- commands ---- */

static const struct mj_principal operator_ = { .id = "operator", .role = MJ_ROLE_OPERATOR, .regions = UINT64_MAX };
static struct mj_principal of_ett, of_mission_locale;
static struct mj_buf answer;
static bool finished;

static void on_finished(void *arg, const struct mj_verb *verb, const struct mj_buf *a, const mj_error *e)
{
    (void)arg, (void)verb;
    finished = true;
    mj_buf_clear(&answer);
    if (a)
        mj_buf_put(&answer, a->data, a->len);
    else
        err = *e;
    mj_loop_stop(threads.loop);
}

/* 0 with answer filled, or -1 with err. */
static int run(const struct mj_verb *verb, struct mj_partition *p, const struct mj_principal *caller,
               const ProtobufCMessage *body, const uint8_t *key)
{
    struct mj_buf packed = MJ_BUF_INIT;
    struct mj_registry_command c;
    struct mj_frame frame;
    int rc;

    err = (mj_error){ 0 };
    mj_buf_pack(&packed, body);
    frame = (struct mj_frame){ packed.data, packed.len };
    rc = mj_registry_command_prepare(&c, &app, verb, p, caller, body, &frame, key, &err);
    if (rc == 0) {
        finished = false;
        mj_registry_command_submit(&c, p, on_finished, NULL);
        while (!finished)
            mj_loop_run(threads.loop);
        rc = err.code ? -1 : 0;
    }
    mj_buf_free(&packed);
    follow();
    return rc;
}

static int declare(int kind, const char *id, const char *commune)
{
    pb_declare_organisation in = MISSIONJEUNES__REGISTRY__V1__DECLARE_ORGANISATION_REQUEST__INIT;
    pb_organisation o = MISSIONJEUNES__REGISTRY__V1__ORGANISATION__INIT;

    o.kind = (Missionjeunes__Registry__V1__OrganisationKind)kind;
    o.id = (char *)id;
    o.name = (char *)"Nom";
    o.commune = (char *)commune;
    in.organisation = &o;
    return run(&mj_declare_organisation, fr, &operator_, &in.base, NULL);
}

static int declare_agency(const struct mj_principal *caller, const char *siret, const char *commune)
{
    pb_declare_agency in = MISSIONJEUNES__REGISTRY__V1__DECLARE_AGENCY_REQUEST__INIT;

    in.siret = (char *)siret;
    in.commune = (char *)commune;
    return run(&mj_declare_agency, fr, caller, &in.base, NULL);
}

static int declare_principal(const char *id, int role, const char *organisation)
{
    pb_declare_principal in = MISSIONJEUNES__REGISTRY__V1__DECLARE_PRINCIPAL_REQUEST__INIT;
    pb_principal p = MISSIONJEUNES__REGISTRY__V1__PRINCIPAL__INIT;

    p.id = (char *)id;
    p.role = (Missionjeunes__Registry__V1__Role)role;
    p.organisation = (char *)organisation;
    in.principal = &p;
    return run(&mj_declare_principal, fr, &operator_, &in.base, NULL);
}

static ProtobufCBinaryData public_key(uint8_t n)
{
    static uint8_t bytes[32];

    memset(bytes, n, sizeof bytes);
    bytes[0] = 1;
    return (ProtobufCBinaryData){ sizeof bytes, bytes };
}

static int add_key(const char *principal, uint8_t n)
{
    pb_add_key in = MISSIONJEUNES__REGISTRY__V1__ADD_KEY_REQUEST__INIT;

    in.principal = (char *)principal;
    in.public_key = public_key(n);
    return run(&mj_add_key, fr, &operator_, &in.base, NULL);
}

static int revoke_key(uint8_t n)
{
    pb_revoke_key in = MISSIONJEUNES__REGISTRY__V1__REVOKE_KEY_REQUEST__INIT;

    in.public_key = public_key(n);
    return run(&mj_revoke_key, fr, &operator_, &in.base, NULL);
}

static int set_cej_rule(uint32_t age_limit)
{
    pb_set_rule in = MISSIONJEUNES__REGISTRY__V1__SET_RULE_REQUEST__INIT;
    pb_rule r = MISSIONJEUNES__REGISTRY__V1__PROGRAMME_RULE__INIT;

    r.programme = MISSIONJEUNES__REGISTRY__V1__PROGRAMME__PROGRAMME_CEJ;
    r.valid_from = (char *)"2022-03-01";
    r.age_min = 16, r.age_limit = age_limit, r.age_limit_rqth = 30;
    r.source = (char *)"test";
    in.rule = &r;
    return run(&mj_set_rule, fr, &operator_, &in.base, NULL);
}

static int enrol(const char *birth, const uint8_t *key)
{
    pb_enrol in = MISSIONJEUNES__REGISTRY__V1__ENROL_REQUEST__INIT;

    in.birth_date = (char *)birth;
    in.sex = MISSIONJEUNES__REGISTRY__V1__SEX__SEX_FEMALE;
    in.programme = MISSIONJEUNES__REGISTRY__V1__PROGRAMME__PROGRAMME_CEJ;
    in.entry_on = (char *)"2026-01-15";
    return run(&mj_enrol, region, &of_mission_locale, &in.base, key);
}

/* The id in the last answer of Enrol. */
static void enrolled(char id[MJ_PERSON_TEXT])
{
    Missionjeunes__Registry__V1__EnrolResponse *a =
        missionjeunes__registry__v1__enrol_response__unpack(NULL, answer.len, answer.data);

    snprintf(id, MJ_PERSON_TEXT, "%s", a->young_person);
    missionjeunes__registry__v1__enrol_response__free_unpacked(a, NULL);
}

static void *row(struct mj_partition *p, const struct mj_row_kind *kind, const char *id)
{
    struct mj_row_key key = mj_row_key_text(id);

    return mj_rows_get(mj_partition_rows(p), kind, &key);
}

static void on_seeded(struct mj_command *c, struct mj_partition *p, const mj_error *e)
{
    (void)c, (void)p;
    assert_null(e);
    finished = true;
    mj_loop_stop(threads.loop);
}

static void seed(void)
{
    struct mj_seed s;

    finished = false;
    mj_registry_seed(&s, fr, on_seeded);
    while (!finished)
        mj_loop_run(threads.loop);
    follow();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

static int setup(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/mj-registry-XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(mj_crypto_init(&err), 0);
    assert_int_equal(mj_loop_create(&threads.loop, &mj_env_real, &err), 0);
    assert_int_equal(mj_worker_create(&threads.log, threads.loop, "log", MJ_WORKER_THREAD, &err), 0);
    assert_int_equal(mj_worker_create(&threads.tables, threads.loop, "tables", MJ_WORKER_THREAD, &err), 0);
    assert_int_equal(mj_worker_create(&threads.read, threads.loop, "read", MJ_WORKER_THREAD, &err), 0);
    assert_int_equal(cache_up(&threads, 8u << 20), 0);
    app = (struct mj_registry){ .who = mj_who_create(), .env = &mj_env_real };
    fr = open_one("FR");
    region = open_one("52");
    seed();
    assert_int_equal(declare(MJ_ORGANISATION_ETT, ett, ""), 0);
    assert_int_equal(declare(MJ_ORGANISATION_MISSION_LOCALE, mission_locale, "44109"), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close_one(fr, true);
    close_one(region, true);
    mj_who_destroy(app.who);
    mj_buf_free(&answer);
    mj_worker_destroy(threads.read);
    mj_worker_destroy(threads.tables);
    mj_worker_destroy(threads.log);
    cache_down(&threads);
    mj_loop_destroy(threads.loop);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- facts ---- */

static void the_default_rules_are_set_once(void **state)
{
    uint64_t end = mj_partition_folded(fr);
    const struct mj_age_rule *rule = mj_who_rule(app.who, MJ_CEJ, mj_date_of(2026, 1, 15));

    (void)state;
    assert_non_null(rule);
    assert_int_equal(rule->age_limit_rqth, 30);
    assert_null(mj_who_rule(app.who, MJ_CEJ, mj_date_of(2022, 2, 28)));
    assert_non_null(mj_who_rule(app.who, MJ_PACEA, mj_date_of(2022, 2, 28)));
    seed();
    assert_int_equal(mj_partition_folded(fr), end);
    restart(false);
    end = mj_partition_folded(fr);
    seed();
    assert_int_equal(mj_partition_folded(fr), end);
}

static void an_enrolment_is_the_same_after_any_restart(void **state)
{
    struct mj_enrolment_row before, *after;
    uint8_t sealed[256];
    char id[MJ_PERSON_TEXT], tables[128];

    (void)state;
    assert_int_equal(enrol(BIRTH, NULL), 0);
    enrolled(id);
    assert_int_equal(mj_person_check(id, "id", &err), 0);
    after = row(region, &mj_enrolment_kind, id);
    assert_non_null(after);
    assert_true(after->sealed_len <= sizeof sealed);
    memcpy(&before, after, sizeof before);
    memcpy(sealed, after->sealed, before.sealed_len);
    assert_string_equal(before.mission_locale, mission_locale);
    assert_int_equal(before.rule_version, 1);
    assert_int_equal(before.known_fr_position, mj_partition_durable(fr));
    for (int i = 0; i < 3; i++) {
        if (i == 2) {                            /* tables lost: folded from the log again */
            close_one(region, true);
            snprintf(tables, sizeof tables, "%s/52/tables.db", directory);
            assert_int_equal(unlink(tables), 0);
            app.tag_count = 1;                   /* of "FR" alone */
            region = open_one("52");
        } else {
            restart(i == 1);
        }
        after = row(region, &mj_enrolment_kind, id);
        assert_non_null(after);
        assert_memory_equal(after, &before, sizeof before);
        assert_memory_equal(after->sealed, sealed, before.sealed_len);
    }
}

static void the_same_command_is_answered_alike_and_acts_once(void **state)
{
    static const uint8_t key[16] = "0123456789abcde";
    char first[MJ_PERSON_TEXT], again[MJ_PERSON_TEXT];
    uint64_t end;

    (void)state;
    assert_int_equal(enrol(BIRTH, key), 0);
    enrolled(first);
    end = mj_partition_folded(region);
    assert_int_equal(enrol(BIRTH, key), 0);
    enrolled(again);
    assert_string_equal(first, again);
    assert_int_equal(mj_partition_folded(region), end);
    restart(false);
    follow();
    assert_int_equal(enrol(BIRTH, key), 0);
    enrolled(again);
    assert_string_equal(first, again);
    assert_int_equal(enrol("2005-04-18", key), -1);
    assert_string_equal(err.reason, "KEY_REUSED");
    assert_int_equal(enrol(BIRTH, NULL), 0);
    enrolled(again);
    assert_string_not_equal(first, again);
}

static bool canary_found;

static int look_for_birth(const char *path, const struct stat *st, int type, struct FTW *f)
{
    char *bytes;
    int fd;

    (void)f;
    if (type != FTW_F || st->st_size == 0)
        return 0;
    bytes = malloc((size_t)st->st_size);
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, (size_t)st->st_size), st->st_size);
    close(fd);
    if (memmem(bytes, (size_t)st->st_size, BIRTH, strlen(BIRTH)))
        canary_found = true;
    free(bytes);
    return 0;
}

static void no_file_holds_the_birth_date(void **state)
{
    static const uint8_t key[16] = "fedcba987654321";
    char path[128];
    int fd;

    (void)state;
    assert_int_equal(enrol(BIRTH, key), 0);
    restart(true);
    canary_found = false;
    nftw(directory, look_for_birth, 8, FTW_PHYS);
    assert_false(canary_found);

    snprintf(path, sizeof path, "%s/52/planted", directory);     /* the search itself can find */
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "x" BIRTH "x", 12), 12);
    close(fd);
    nftw(directory, look_for_birth, 8, FTW_PHYS);
    assert_true(canary_found);
}

static void sealed_attributes_open_with_the_persons_key_alone(void **state)
{
    const struct mj_enrolment_row *e;
    pb_person_attributes *a;
    uint8_t key[MJ_KEY], clear[128];
    char id[MJ_PERSON_TEXT], name[40];
    bool found = false;

    (void)state;
    assert_int_equal(enrol(BIRTH, NULL), 0);
    enrolled(id);
    snprintf(name, sizeof name, "person/%s", id);
    assert_int_equal(mj_keystore_get(mj_partition_keystore(region), name, key, &found, &err), 0);
    assert_true(found);
    e = row(region, &mj_enrolment_kind, id);
    assert_int_equal(mj_unseal(clear, key, e->sealed, e->sealed_len, id, strlen(id), &err), 0);
    a = missionjeunes__registry__v1__person_attributes__unpack(NULL, e->sealed_len - MJ_SEAL_OVERHEAD, clear);
    assert_string_equal(a->birth_date, BIRTH);
    assert_int_equal(a->sex, 1);
    assert_int_equal(a->age_at_entry, 20);
    missionjeunes__registry__v1__person_attributes__free_unpacked(a, NULL);
    assert_int_equal(mj_unseal(clear, key, e->sealed, e->sealed_len, "R52-other", 9, &err), -1);
    key[0] ^= 1;
    assert_int_equal(mj_unseal(clear, key, e->sealed, e->sealed_len, id, strlen(id), &err), -1);
}

static void a_changed_rule_changes_the_next_decision(void **state)
{
    char before[MJ_PERSON_TEXT];

    (void)state;
    assert_int_equal(enrol(BIRTH, NULL), 0);
    enrolled(before);
    assert_int_equal(set_cej_rule(20), 0);
    assert_int_equal(enrol(BIRTH, NULL), -1);
    assert_string_equal(err.reason, "AGE_OUTSIDE_RULE");
    assert_non_null(strstr(err.text, "rule 2"));
    assert_int_equal(set_cej_rule(26), 0);
    assert_int_equal(enrol(BIRTH, NULL), 0);
    assert_int_equal(((struct mj_enrolment_row *)row(region, &mj_enrolment_kind, before))->rule_version, 1);
}

static void only_a_mission_locale_of_the_region_enrols(void **state)
{
    struct mj_principal good = of_mission_locale;

    (void)state;
    memcpy(of_mission_locale.organisation, ett, sizeof ett);
    assert_int_equal(enrol(BIRTH, NULL), -1);
    assert_string_equal(err.reason, "NOT_A_MISSION_LOCALE");
    of_mission_locale = good;
    of_mission_locale.regions = 1;               /* Guadeloupe alone */
    assert_int_equal(enrol(BIRTH, NULL), -1);
    assert_string_equal(err.reason, "NOT_YOUR_REGION");
    of_mission_locale = good;
}

static void an_ett_declares_its_agencies_and_nobody_elses(void **state)
{
    char other[MJ_SIRET_LEN + 1], other_ett[MJ_SIREN_LEN + 1];
    uint64_t end;

    (void)state;
    assert_int_equal(declare_agency(&of_ett, agency, "44109"), 0);
    end = mj_partition_folded(fr);
    assert_string_equal(mj_who_organisation(app.who, agency)->region, "52");
    assert_non_null(mj_who_own_stream(app.who, &of_ett, agency));
    assert_int_equal(declare_agency(&of_ett, agency, "44109"), 0);       /* again: same answer, no entry */
    assert_int_equal(mj_partition_folded(fr), end);
    assert_int_equal(declare_agency(&of_ett, agency, "75056"), -1);
    assert_string_equal(err.reason, "REGION_FROZEN");
    mj_siren_make(other_ett, 99999999);
    mj_siret_make(other, other_ett, 1);
    assert_int_equal(declare_agency(&of_ett, other, "44109"), -1);
    assert_string_equal(err.reason, "NOT_YOUR_ETT");
    assert_int_equal(err.code, MJ_PERMISSION_DENIED);
}

static void keys_come_go_and_never_come_back(void **state)
{
    uint8_t k[32];

    (void)state;
    assert_int_equal(declare_principal("ouest", MJ_ROLE_AGENCY, ett), 0);
    assert_int_equal(add_key("nobody", 7), -1);
    assert_string_equal(err.reason, "PRINCIPAL_UNKNOWN");
    assert_int_equal(add_key("ouest", 2), 0);
    assert_int_equal(add_key("ouest", 2), -1);
    assert_string_equal(err.reason, "KEY_USED");
    assert_int_equal(add_key("ouest", 3), 0);
    assert_int_equal(add_key("ouest", 4), -1);
    assert_string_equal(err.reason, "KEY_LIMIT");
    assert_int_equal(revoke_key(9), -1);
    assert_string_equal(err.reason, "KEY_UNKNOWN");
    assert_int_equal(revoke_key(2), 0);
    restart(false);
    follow();
    assert_int_equal(add_key("ouest", 2), -1);
    assert_string_equal(err.reason, "KEY_USED");
    assert_int_equal(add_key("ouest", 4), 0);
    memcpy(k, public_key(2).data, 32);
    assert_null(mj_who_by_key(app.who, k));
    memcpy(k, public_key(3).data, 32);
    assert_string_equal(mj_who_by_key(app.who, k)->id, "ouest");
}

static void principals_need_their_organisation(void **state)
{
    uint64_t end;

    (void)state;
    assert_int_equal(declare_principal("x", MJ_ROLE_AGENCY, "111111111"), -1);
    assert_string_equal(err.reason, "ORGANISATION_UNKNOWN");
    assert_string_equal(err.field, "principal.organisation");
    assert_int_equal(declare_principal("dreets", MJ_ROLE_COMMITTEE, ""), 0);
    end = mj_partition_folded(fr);
    assert_int_equal(declare_principal("dreets", MJ_ROLE_COMMITTEE, ""), 0);
    assert_int_equal(mj_partition_folded(fr), end);
    assert_int_equal(declare_principal("svc", MJ_ROLE_SERVICE, ""), -1);
    assert_string_equal(err.reason, "ROLE_SERVICE_RESERVED");
}

static void organisations_are_listed_by_pages_in_order(void **state)
{
    struct mj_organisation_row rows[3];
    struct mj_tables *t = mj_rows_readers(mj_partition_rows(fr))->tables;
    size_t n = 0;
    bool found = true;

    (void)state;
    assert_int_equal(declare_agency(&of_ett, agency, "44109"), 0);
    restart(true);                               /* all is in the tables */
    t = mj_rows_readers(mj_partition_rows(fr))->tables;
    assert_int_equal(mj_query_organisations(t, "", 0, "", rows, 3, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_true(strcmp(rows[0].is.id, rows[1].is.id) < 0 && strcmp(rows[1].is.id, rows[2].is.id) < 0);
    assert_int_equal(mj_query_organisations(t, rows[1].is.id, 0, "", rows, 3, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(mj_query_organisations(t, "", MJ_ORGANISATION_AGENCY, "52", rows, 3, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].is.parent, ett);
    assert_int_equal(mj_query_organisations(t, "", 0, "75", rows, 3, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(mj_query_organisation(t, "000000000", rows, &found, &err), 0);
    assert_false(found);
}

static void a_mission_locale_lists_its_own(void **state)
{
    struct mj_enrolment_row *rows = calloc(4, sizeof *rows);
    struct mj_tables *t;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(enrol(BIRTH, NULL), 0);
    restart(true);
    t = mj_rows_readers(mj_partition_rows(region))->tables;
    assert_int_equal(mj_query_enrolments(t, mission_locale, "", rows, 4, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(mj_query_enrolments(t, mission_locale, rows[1].id, rows, 4, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(mj_query_enrolments(t, agency, "", rows, 4, &n, &err), 0);
    assert_int_equal(n, 0);
    free(rows);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_default_rules_are_set_once),
        TEST(an_enrolment_is_the_same_after_any_restart),
        TEST(the_same_command_is_answered_alike_and_acts_once),
        TEST(no_file_holds_the_birth_date),
        TEST(sealed_attributes_open_with_the_persons_key_alone),
        TEST(a_changed_rule_changes_the_next_decision),
        TEST(only_a_mission_locale_of_the_region_enrols),
        TEST(an_ett_declares_its_agencies_and_nobody_elses),
        TEST(keys_come_go_and_never_come_back),
        TEST(principals_need_their_organisation),
        TEST(organisations_are_listed_by_pages_in_order),
        TEST(a_mission_locale_lists_its_own),
    };

    char siren[MJ_SIREN_LEN + 1];

    mj_siren_make(ett, 73282932);
    mj_siret_make(agency, ett, 7);
    mj_siren_make(siren, 12345678);
    mj_siret_make(mission_locale, siren, 1);
    of_ett = (struct mj_principal){ .id = "ett", .role = MJ_ROLE_AGENCY, .regions = UINT64_MAX };
    memcpy(of_ett.organisation, ett, sizeof ett);
    of_mission_locale = (struct mj_principal){ .id = "ml", .role = MJ_ROLE_MISSION_LOCALE, .regions = UINT64_MAX };
    memcpy(of_mission_locale.organisation, mission_locale, sizeof mission_locale);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
