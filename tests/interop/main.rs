//! Talks to the real Pyro5 and Pyro4, in both roles, and replays what was recorded from it.

mod client_access;
mod client_async;
mod client_batches;
mod client_classes;
mod client_connections;
mod client_context;
mod client_exceptions;
mod client_generations;
mod client_pending;
mod client_rebind;
mod client_redial;
mod client_streams;
mod client_typed;
mod client_values;
mod converters;
mod echo;
mod examples;
mod game;

mod blobs;
mod bombs;
mod callbacks;
mod hmac;
mod hosted;
mod hostile;
mod hostile_pyro4;
mod nameserver;
mod nameserver_files;
mod nameserver_finding;
mod nameserver_load;
mod nat;
mod nested;
mod pickle_attacks;
mod pickle_family;
mod raw;

mod pyro_tests;
mod pyro_tests_client;
mod pyro_tests_daemon;

mod serve;
mod server_admission;
mod server_async;
mod server_batches;
mod server_calls;
mod server_echo;
mod server_exchange;
mod server_generations;
mod server_objects;
mod server_sessions;
mod server_several;
mod server_sockets;
mod server_streams;
mod server_watched;
mod settings;
mod source;

mod resolve;
mod resolve_async;
mod resolve_loops;
mod resolve_tls;

mod support;
mod tap;
mod tls;
mod transcripts;
mod transcripts_client;
mod transcripts_pyro4;
mod transcripts_server;
mod workshop;
