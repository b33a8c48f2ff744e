/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj-reporting: folds the logs of registry and placements into figures, keeps them in Redis, answers who may see
 * them. What it does stands as a table in handlers.c. */
#include "reporting/handlers.h"

int main(int argc, char **argv)
{
    return mj_daemon_main(&mj_reporting_service, argc, argv);
}
