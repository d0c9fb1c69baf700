/* SPDX-License-Identifier: MIT */
/* rustic.h - what RusticAI's members are called. */
#ifndef GD_TEST_RUSTIC_H
#define GD_TEST_RUSTIC_H

static const char *const rustic_members[] = {
    "id",
    "sender",
    "topics",
    "topic_published_to",
    "recipient_list",
    "payload",
    "format",
    "priority",
    "timestamp",
    "ttl",
    "thread",
    "in_response_to",
    "conversation_id",
    "process_status",
    "is_error_message",
    "message_history",
    "routing_slip",
    "traceparent",
    "forward_header",
    "session_state",
    "enrich_with_history",
    "origin_guild_stack",
    NULL,
};
enum { RUSTIC_MEMBERS = sizeof rustic_members / sizeof *rustic_members - 1 };

static const struct known rustic_names = {rustic_members, NULL};

#endif
