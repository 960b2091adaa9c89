//! Feeds `assay_tests_fuzz::rendering` to libFuzzer; holds nothing of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_tests_fuzz::rendering::check(data));
