/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "missionjeunes/common/v1/common.pb-c.h"

static void put_and_printf_append_and_end_in_nul(void **state)
{
    (void)state;
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_put(&b, "abc", 3);
    mj_buf_printf(&b, "-%d-%s", 42, "x");
    assert_string_equal((char *)b.data, "abc-42-x");
    assert_int_equal(b.len, 8);
    mj_buf_put(&b, NULL, 0);
    assert_int_equal(b.len, 8);
    mj_buf_free(&b);
    assert_null(b.data);
}

static void text_longer_than_the_room_left_is_whole(void **state)
{
    (void)state;
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_printf(&b, "%0500d", 7);
    mj_buf_printf(&b, "%0500d", 8);
    assert_int_equal(b.len, 1000);
    assert_int_equal(strlen((char *)b.data), 1000);
    assert_int_equal(b.data[999], '8');
    mj_buf_free(&b);
}

static void text_of_any_length_is_whole(void **state)
{
    (void)state;
    for (int n = 1; n < 300; n++) {                          /* the room left is met exactly at some */
        struct mj_buf b = MJ_BUF_INIT;
        mj_buf_printf(&b, "%0*d", n, 7);
        assert_int_equal(b.len, n);
        assert_int_equal(b.data[n - 1], '7');
        mj_buf_free(&b);
    }
}

static void clear_keeps_the_memory(void **state)
{
    (void)state;
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_clear(&b);
    mj_buf_put(&b, "abc", 3);
    uint8_t *before = b.data;
    mj_buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal((char *)b.data, "");
    assert_ptr_equal(b.data, before);
    mj_buf_free(&b);
}

static void json_text_reads_back_the_same(void **state)
{
    (void)state;
    const char *text = "q\" b\\ n\n t\t \x01 \x7f <é&€>\xE2\x80\xA8 end";
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_json(&b, text);
    json_t *back = json_loads((char *)b.data, JSON_DECODE_ANY, NULL);
    assert_non_null(back);
    assert_string_equal(json_string_value(back), text);
    assert_null(strpbrk((char *)b.data, "<>&\n"));
    json_decref(back);
    mj_buf_free(&b);
}

static void bytes_that_are_no_utf8_become_replacement_characters(void **state)
{
    (void)state;
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_json(&b, "a\xFF\xC3");
    assert_string_equal((char *)b.data, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
    mj_buf_free(&b);
}

static void pack_appends_the_message(void **state)
{
    (void)state;
    Missionjeunes__Common__V1__Header h = MISSIONJEUNES__COMMON__V1__HEADER__INIT;
    h.version = 1;
    h.region = "52";
    struct mj_buf b = MJ_BUF_INIT;
    mj_buf_put(&b, "x", 1);
    mj_buf_pack(&b, &h.base);
    assert_int_equal(b.len, 1 + 2 + 4);
    assert_memory_equal(b.data, "x\x08\x01\x3a\x02" "52", 7);
    mj_buf_free(&b);
}

static void copies_are_their_own(void **state)
{
    (void)state;
    char *s = mj_strdup("text");
    assert_string_equal(s, "text");
    free(s);
    void *none = mj_memdup("", 0);
    assert_non_null(none);
    free(none);
    int *zero = mj_calloc(3, sizeof *zero);
    assert_int_equal(zero[2], 0);
    free(zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_and_printf_append_and_end_in_nul),
        cmocka_unit_test(text_longer_than_the_room_left_is_whole),
        cmocka_unit_test(text_of_any_length_is_whole),
        cmocka_unit_test(clear_keeps_the_memory),
        cmocka_unit_test(json_text_reads_back_the_same),
        cmocka_unit_test(bytes_that_are_no_utf8_become_replacement_characters),
        cmocka_unit_test(pack_appends_the_message),
        cmocka_unit_test(copies_are_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
