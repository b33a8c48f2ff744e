/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/fields.h"
#include "missionjeunes/log/v1/log.pb-c.h"

/* What is put field by field is what protobuf-c packs. */
static void a_message_put_by_fields_is_the_packed_message(void **state)
{
    (void)state;
    uint8_t payload[300];
    memset(payload, 7, sizeof payload);
    Missionjeunes__Log__V1__LogEntry m = MISSIONJEUNES__LOG__V1__LOG_ENTRY__INIT;
    m.recorded_at_ms = UINT64_MAX;
    m.type = 16;
    m.principal = "p";
    m.payload = (ProtobufCBinaryData){ sizeof payload, payload };
    struct mj_buf packed = MJ_BUF_INIT, put = MJ_BUF_INIT;
    mj_buf_pack(&packed, &m.base);
    mj_put_number(&put, 1, m.recorded_at_ms);
    mj_put_number(&put, 2, m.type);
    mj_put_text(&put, 3, m.principal);
    mj_put_bytes(&put, 4, payload, sizeof payload);
    mj_put_bytes(&put, 5, payload, 0);
    mj_put_number(&put, 9, 0);
    assert_int_equal(put.len, packed.len);
    assert_memory_equal(put.data, packed.data, put.len);
    mj_buf_free(&packed);
    mj_buf_free(&put);
}

static void an_opened_field_takes_any_length(void **state)
{
    (void)state;
    static const size_t lengths[] = { 0, 1, 127, 128, 16383, 16384, 100000 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct mj_buf b = MJ_BUF_INIT;
        mj_put_number(&b, 1, 5);
        size_t opened = mj_put_open(&b, 2);
        for (size_t n = 0; n < lengths[i]; n++)
            mj_buf_put(&b, (uint8_t[]){ (uint8_t)n }, 1);
        mj_put_close(&b, opened);
        mj_put_number(&b, 3, 6);
        struct mj_fields f = mj_fields_of(b.data, b.len);
        struct mj_field x;
        assert_int_equal(mj_fields_next(&f, &x), 1);
        assert_int_equal(mj_fields_next(&f, &x), 1);
        assert_int_equal(x.len, lengths[i]);
        for (size_t n = 0; n < x.len; n++)
            assert_int_equal(x.data[n], (uint8_t)n);
        assert_int_equal(mj_fields_next(&f, &x), 1);
        assert_int_equal(x.value, 6);
        assert_int_equal(mj_fields_next(&f, &x), 0);
        mj_buf_free(&b);
    }
}

static int read_all(const char *bytes, size_t len, struct mj_field *last)
{
    struct mj_fields f = mj_fields_of(bytes, len);
    int rc;
    while ((rc = mj_fields_next(&f, last)) > 0)
        ;
    return rc;
}

static void what_is_no_message_is_told(void **state)
{
    (void)state;
    struct mj_field x;
    assert_int_equal(read_all("\x08", 1, &x), -1);           /* a number without its value */
    assert_int_equal(read_all("\x08\x80", 2, &x), -1);       /* cut within it */
    assert_int_equal(read_all("\x12\x05" "abc", 5, &x), -1); /* more bytes promised than there are */
    assert_int_equal(read_all("\x0b", 1, &x), -1);           /* a group */
    assert_int_equal(read_all("\x02\x00", 2, &x), -1);       /* field 0 */
    assert_int_equal(read_all("\x09" "1234567", 8, &x), -1); /* eight bytes, one missing */
    assert_int_equal(read_all("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, &x), -1);  /* more than 64 bits */
    assert_int_equal(read_all("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, &x), 0);
    assert_true(x.value == UINT64_MAX && x.shortest);
}

static void a_number_longer_than_it_must_be_is_told(void **state)
{
    (void)state;
    struct mj_field x;
    assert_int_equal(read_all("\x08\x85\x00", 3, &x), 0);
    assert_true(x.value == 5 && !x.shortest);
    assert_int_equal(read_all("\x88\x00\x05", 3, &x), 0);
    assert_true(x.number == 1 && !x.shortest);
    assert_int_equal(read_all("\x08\x00", 2, &x), 0);
    assert_true(x.value == 0 && x.shortest);
}

static void text_with_a_nul_is_no_text(void **state)
{
    (void)state;
    struct mj_field x;
    char out[4];
    assert_int_equal(read_all("\x0a\x03" "a\0b", 5, &x), 0);
    assert_false(mj_field_text(&x, out, sizeof out));
    assert_int_equal(read_all("\x0a\x03" "abc", 5, &x), 0);
    assert_true(mj_field_text(&x, out, sizeof out));
    assert_string_equal(out, "abc");
    assert_false(mj_field_text(&x, out, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_put_by_fields_is_the_packed_message),
        cmocka_unit_test(an_opened_field_takes_any_length),
        cmocka_unit_test(what_is_no_message_is_told),
        cmocka_unit_test(a_number_longer_than_it_must_be_is_told),
        cmocka_unit_test(text_with_a_nul_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
