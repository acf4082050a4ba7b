//! One suite of scenarios through every loop and every transport: a loop may differ in how it waits,
//! in nothing that a client sees.
//!
//! To add an adapter, implement [`Loop`](stage::Loop) for it and name it in `suite!` below.

mod blocking;
mod by_hand;
mod foreign;
mod on_async;
mod on_mio;
mod raw;
mod scenarios;
mod stage;
mod thing;
mod tick;
mod wire;

/// Makes a module of tests for each loop.
macro_rules! suite {
    ($($name:ident: $host:ty;)*) => {$(
        mod $name {
            transport!(tcp_v4, $host, crate::stage::Transport::V4);
            transport!(tcp_v6, $host, crate::stage::Transport::V6);
            transport!(unix, $host, crate::stage::Transport::Unix);
            transport!(tls, $host, crate::stage::Transport::Tls);
            transport!(pair, $host, crate::stage::Transport::Pair);
            /// What differs from other unix sockets is over once they are connected.
            #[cfg(target_os = "linux")]
            mod without_a_file {
                use crate::scenarios::*;
                scenarios!($host, crate::stage::Transport::Abstract, {
                    calls::calls_and_faults,
                    ends::a_lost_connection_is_made_again,
                });
            }
        }
    )*};
}

/// The scenarios over one transport.
macro_rules! transport {
    ($name:ident, $host:ty, $transport:expr) => {
        mod $name {
            use crate::scenarios::*;
            scenarios!($host, $transport, {
                calls::calls_and_faults,
                calls::many_threads_share_a_proxy,
                calls::a_oneway_then_close,
                calls::calls_of_one_object_overlap,
                calls::answers_overtake,
                batches::results_in_order_until_one_raises,
                batches::a_oneway_batch,
                batches::a_call_in_it_is_waited_for,
                batches::a_long_batch_beside_short_calls,
                batches::the_client_goes_away_in_the_middle,
                streams::items_with_and_without_a_window,
                streams::several_at_once,
                streams::an_error_ends_it,
                streams::closed_by_the_client,
                streams::without_linger_they_end_with_their_session,
                streams::another_session_goes_on,
                streams::a_lifetime_ends_it,
                deferred::answers_from_another_thread,
                deferred::a_storm_of_answers,
                deferred::nobody_waits_any_more,
                deferred::a_late_answer_is_dropped,
                deferred::a_oneway_call_outlives_its_session,
                ends::a_lost_connection_is_made_again,
                ends::a_shutdown_lets_deferred_answers_out,
                ends::a_shutdown_lets_a_running_call_end,
                ends::connections_come_and_go,
                ends::objects_of_sessions_go_with_them,
                ends::the_end_comes_behind_a_large_answer,
                resets::before_the_handshake,
                resets::in_a_header,
                resets::while_an_answer_is_awaited,
                resets::in_a_large_request,
                resets::in_a_large_reply,
                load::a_flood_beside_a_polite_client,
                load::a_slow_reader,
                load::large_messages,
                load::more_than_a_turn_of_pings,
                fragments::single_bytes,
                fragments::half_messages_and_long_pauses,
                fragments::a_silent_client_is_not_a_slow_one,
                garbage::garbage_beside_good_clients,
            });
        }
    };
}

macro_rules! scenarios {
    ($host:ty, $transport:expr, {$($module:ident::$scenario:ident,)*}) => {$(
        #[test]
        fn $scenario() {
            crate::stage::play($transport, $module::$scenario::<$host>);
        }
    )*};
}

suite! {
    poll_by_hand: crate::by_hand::ByHand;
    blocking_local: crate::blocking::OneThread;
    blocking_threads: crate::blocking::Threads;
    mio_ready: crate::on_mio::Ready;
    mio_own: crate::on_mio::Own;
    mio_shared: crate::on_mio::Several;
    game_tick: crate::tick::Ticks;
    tokio_current: crate::on_async::CurrentThread;
    tokio_multi: crate::on_async::MultiThread;
    smol: crate::on_async::Smol;
}
