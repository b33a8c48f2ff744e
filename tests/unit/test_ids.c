/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/ids.h"

static const uint8_t ones[MJ_PERSON_RANDOM] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
static const uint8_t some[MJ_PERSON_RANDOM] = { 0x00, 0x44, 0x32, 0x14, 0xC7, 0x42, 0x54, 0xB6, 0x35, 0xCF };

static void an_id_is_its_region_and_80_bits(void **state)
{
    (void)state;
    char id[MJ_PERSON_TEXT], region[3];
    mj_person_make(id, "52", some);
    assert_memory_equal(id, "R52-0123456789ABCDEF", 20);
    assert_int_equal(strlen(id), 21);
    assert_int_equal(mj_person_check(id, "p", NULL), 0);
    mj_person_region(id, region);
    assert_string_equal(region, "52");
    mj_person_make(id, "PM", ones);
    assert_memory_equal(id, "RPM-ZZZZZZZZZZZZZZZZ", 20);
    assert_int_equal(mj_person_check(id, "p", NULL), 0);
}

/* Computed apart from this code, for those who write another implementation. */
static void the_check_character_is_a_remainder_by_37(void **state)
{
    (void)state;
    char id[MJ_PERSON_TEXT];
    mj_person_make(id, "52", some);
    assert_string_equal(id, "R52-0123456789ABCDEFW");
}

static void refuse(const char *id, const char *reason)
{
    mj_error err = { 0 };
    assert_int_equal(mj_person_check(id, "young_person", &err), -1);
    assert_string_equal(err.reason, reason);
    assert_string_equal(err.field, "young_person");
    assert_true(id[0] == '\0' || !strstr(err.text, id));     /* an id stays out of texts */
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    char id[MJ_PERSON_TEXT];
    mj_person_make(id, "52", some);
    refuse("", "PERSON_FORMAT");
    refuse("R52-", "PERSON_FORMAT");
    id[0] = 'r';
    refuse(id, "PERSON_FORMAT");
    id[0] = 'R', id[1] = '9', id[2] = '9';                   /* no such region */
    refuse(id, "PERSON_FORMAT");
    memcpy(id, "RFR-", 4);
    refuse(id, "PERSON_FORMAT");
    memcpy(id, "R52-", 4);
    id[7] = 'L';
    refuse(id, "PERSON_FORMAT");
    id[7] = 'a';
    refuse(id, "PERSON_FORMAT");
    id[7] = '*';                                             /* only the last may be one */
    refuse(id, "PERSON_FORMAT");
    id[7] = 'Z';
    refuse(id, "PERSON_CHECKSUM");
}

static void hex_reads_back_the_same(void **state)
{
    (void)state;
    uint8_t back[10];
    char out[21];
    assert_string_equal(mj_hex(out, some, 10), "00443214c74254b635cf");
    assert_int_equal(mj_unhex(back, 10, out, "key", NULL), 0);
    assert_memory_equal(back, some, 10);
    assert_int_equal(mj_unhex(back, 10, "00443214C74254B635CF", "key", NULL), 0);
}

static void bad_hex_leaves_the_bytes_alone(void **state)
{
    (void)state;
    uint8_t out[2] = { 7, 7 };
    mj_error err;
    static const char *const bad[] = { "", "00", "00000", "000000", "00g0", "0x00" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(mj_unhex(out, 2, bad[i], "key", &err), -1);
        assert_string_equal(err.reason, "BAD_HEX");
        assert_int_equal(out[0], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_its_region_and_80_bits),
        cmocka_unit_test(the_check_character_is_a_remainder_by_37),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(hex_reads_back_the_same),
        cmocka_unit_test(bad_hex_leaves_the_bytes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
