//! What a standby cluster must do for the function, whoever built the cluster: scenarios over a [`Backend`](crate::test_cluster::Backend).
//!
//! # Layout
//!
//! - [`access`]: who comes in, and what they may not do
//! - [`lease`], [`store`]: compare-and-set
//! - [`tls`], [`scale`], [`verify`]: the steps
//! - [`fitness`]: what a look finds before a failover
//!
//! [`conformance!`](crate::conformance!) lists them; a scenario that is not listed there is dead code and a warning.

pub mod access;
pub mod fitness;
pub mod lease;
pub mod scale;
pub mod store;
pub mod tls;
pub mod verify;

/// Hands every scenario to the macro `$each`, as `module::name, ...`.
#[macro_export]
macro_rules! conformance {
    ($each:ident) => {
        $each! {
            access::a_call_outside_the_role_is_refused_and_says_what_was_tried,
            access::only_a_token_of_the_right_key_and_cluster_logs_in,
            access::nobody_comes_in_without_a_token,
            access::a_refused_login_is_told_as_denied,
            lease::a_free_lease_is_granted_and_held_against_others,
            lease::a_renewal_keeps_the_fence,
            lease::an_expired_lease_is_taken_with_a_greater_fence_and_its_old_holder_learns_it,
            lease::a_lease_that_lives_is_not_taken_by_a_worker_whose_clock_is_ahead,
            lease::a_lease_renewed_in_2099_ends_its_duration_after_the_server_took_it,
            lease::a_lease_that_was_given_back_is_free,
            lease::of_many_who_want_the_lease_at_once_one_gets_it,
            lease::a_lease_that_does_not_exist_names_the_manifest,
            store::an_empty_config_map_is_an_empty_state_and_what_is_saved_is_loaded,
            store::of_two_who_save_on_one_version_the_second_is_told_of_a_conflict,
            store::what_others_keep_in_the_config_map_stays,
            store::a_record_that_cannot_be_read_is_refused_and_left_as_it_is,
            store::a_config_map_that_does_not_exist_names_the_manifest,
            scale::the_operator_is_scaled_up_and_the_step_is_then_done,
            scale::more_operators_than_wanted_are_left_alone,
            scale::a_deployment_that_was_written_meanwhile_is_a_conflict_and_stays,
            scale::an_operator_that_is_not_there_blocks,
            scale::who_wrote_the_replicas_last_is_named_where_the_server_knows,
            tls::with_no_secret_there_is_nothing_to_do,
            tls::secrets_of_a_ca_that_is_gone_are_removed,
            tls::secrets_of_another_ca_are_removed_and_the_ca_stays,
            tls::secrets_of_the_current_ca_are_kept,
            tls::a_leaf_that_the_ca_did_not_sign_is_stale_whatever_its_ca_crt_says,
            tls::a_secret_that_cannot_be_read_is_stale,
            tls::a_custom_ca_that_is_missing_blocks,
            tls::a_ca_that_cannot_be_read_blocks,
            tls::a_node_secret_that_a_pod_uses_stays,
            tls::node_secrets_of_every_pool_are_judged_and_foreign_ones_are_not,
            tls::a_secret_that_was_written_meanwhile_is_not_deleted,
            tls::a_secret_that_was_replaced_meanwhile_is_not_deleted,
            tls::a_secret_that_somebody_else_deleted_is_a_success,
            fitness::a_standby_that_waits_is_fit,
            fitness::each_thing_that_a_failover_would_trip_over_is_found,
            fitness::an_operator_that_runs_already_is_a_warning,
            fitness::a_namespace_of_many_secrets_hides_none_that_is_wanted,
            fitness::nodes_in_pools_are_looked_at_where_they_are,
            verify::a_roll_out_ends_in_a_verified_standby,
            verify::a_config_error_is_told_at_once_with_its_message,
        }
    };
}
