// The checks of the walk, by what they are about.
#pragma once

#include "session.h"

// Creates an open znode with this text; mode is ZOO_PERSISTENT and so on.
int create_znode(struct session* session, const char* path, const char* data, int mode);
int set_znode(struct session* session, const char* path, const char* data);

void check_crud(struct session* session);
void check_watches(struct session* watching, struct session* changing);
void check_multi(struct session* session);
void check_acls(const char* connect_string, struct session* stranger);
void check_nodes(const char* connect_string, struct session* session);
void check_restarts(struct session* watching, struct session* changing);
void check_cut(struct session* gated, struct session* changing);
void check_expiry(const char* gate, struct session* survivor);
