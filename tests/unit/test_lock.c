/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "common/store/lock.h"
#include "support/scratch.h"

static int setup(void **state)
{
    static struct scratch s;
    *state = &s;
    return scratch_make(&s);
}

static int teardown(void **state)
{
    return scratch_remove(*state);
}

static void a_second_opener_is_refused_and_told_who_holds_it(void **state)
{
    struct scratch *s = *state;
    int fd, other = -1;
    char me[64];
    mj_error err;
    snprintf(me, sizeof me, "process %ld on ", (long)getpid());
    assert_int_equal(mj_lock_take(&fd, s->path, &err), 0);
    assert_int_equal(mj_lock_take(&other, s->path, &err), -1);
    assert_int_equal(err.code, MJ_FAILED_PRECONDITION);
    assert_string_equal(err.reason, "LOCKED");
    assert_non_null(strstr(err.text, me));
    assert_int_equal(other, -1);
    mj_lock_drop(fd);
}

static void a_dropped_lock_can_be_taken_again(void **state)
{
    struct scratch *s = *state;
    int fd;
    mj_error err;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mj_lock_take(&fd, s->path, &err), 0);
        mj_lock_drop(fd);
    }
}

static void the_lock_of_a_killed_process_is_free(void **state)
{
    struct scratch *s = *state;
    int ready[2], fd, status;
    char byte;
    mj_error err;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        if (mj_lock_take(&fd, s->path, &err) != 0 || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(mj_lock_take(&fd, s->path, &err), -1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(mj_lock_take(&fd, s->path, &err), 0);
    mj_lock_drop(fd);
}

static void absent_directories_are_made_for_their_owner_only(void **state)
{
    struct scratch *s = *state;
    char path[128];
    struct stat st;
    int fd;
    mj_error err;
    snprintf(path, sizeof path, "%s/placements/52", s->path);
    assert_int_equal(mj_lock_take(&fd, path, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    mj_lock_drop(fd);
}

static void a_path_through_a_file_is_refused(void **state)
{
    struct scratch *s = *state;
    char path[128];
    int fd;
    mj_error err;
    snprintf(path, sizeof path, "%s/plain", s->path);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    snprintf(path, sizeof path, "%s/plain/52", s->path);
    assert_int_equal(mj_lock_take(&fd, path, &err), -1);
    assert_string_equal(err.reason, "DIRECTORY_UNUSABLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_opener_is_refused_and_told_who_holds_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dropped_lock_can_be_taken_again, setup, teardown),
        cmocka_unit_test_setup_teardown(the_lock_of_a_killed_process_is_free, setup, teardown),
        cmocka_unit_test_setup_teardown(absent_directories_are_made_for_their_owner_only, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_through_a_file_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
