/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* placements: takes agencies' numbered streams of events; every acknowledged event is on disk exactly once. */
#include "placements/service.h"

int main(int argc, char **argv)
{
    return mj_daemon_main(&pl_service, argc, argv);
}
