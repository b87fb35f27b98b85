//! What the Terraform modules tell the functions can be read by the functions. Each file of tests/terraform/environment holds, by case, the
//! environment that the module of its name gives; a test of the module holds the file to what the module gives.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use holdfast_aws::settings::{AlarmFilter, Aws};
use holdfast_azure::settings::{self as azure, AzureCloud};
use holdfast_oci::settings::{self as oci, OciCloud};
use holdfast_site::Settings;

type Variables = BTreeMap<String, String>;

/// The module's name and what it gives, by case.
fn modules() -> Vec<(String, BTreeMap<String, Variables>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("terraform/environment");
    let files = fs::read_dir(folder).expect("the environments").map(|entry| entry.expect("a readable entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let name = |path: &PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).expect("readable")).expect("cases of text");
    files.map(|path| (name(&path), read(&path))).collect()
}

/// What the platform adds.
fn on_the_platform(module: &str, given: &Variables) -> Variables {
    let platform: &[(&str, &str)] = match module {
        "aws-failover" => &[
            ("AWS_LAMBDA_FUNCTION_NAME", "standby-dr-failover-handler"),
            ("AWS_REGION", "us-west-2"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ],
        "oci-failover" => &[
            ("FN_FN_NAME", "standby-dr-failover"),
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
            ("OCI_RESOURCE_PRINCIPAL_REGION", "us-chicago-1"),
            ("OCI_RESOURCE_PRINCIPAL_RPST", "token"),
            ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "key"),
        ],
        _ => &[
            ("WEBSITE_SITE_NAME", "standby-dr-failover"),
            ("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token"),
            ("IDENTITY_HEADER", "header"),
        ],
    };
    let platform = platform.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    platform.chain(given.clone()).collect()
}

/// The settings, or the names of what is wrong and what is said.
fn read(module: &str, given: &Variables) -> Result<Settings, Vec<String>> {
    let variables = on_the_platform(module, given);
    let settings = match module {
        "aws-failover" => {
            Settings::read(&Aws, &variables, |read, _| drop(AlarmFilter::read(read))).map(|(settings, ())| settings)
        }
        "azure-failover" => Settings::read(&AzureCloud, &variables, |read, limits| {
            drop(azure::HostSettings::read(read, limits.margin));
        })
        .map(|(settings, ())| settings),
        "oci-failover" => Settings::read(&OciCloud, &variables, |read, _| drop(oci::HostSettings::read(read)))
            .map(|(settings, ())| settings),
        other => panic!("{other}.json: no function is known that reads it"),
    };
    settings.map_err(|faults| faults.0.iter().map(ToString::to_string).collect())
}

#[test]
fn what_each_module_tells_its_function_is_read_without_a_fault_and_counts() {
    let modules = modules();
    assert!(modules.iter().any(|(name, _)| name == "aws-failover"), "no environment of aws-failover");
    for (module, cases) in modules {
        assert!(cases.len() >= 2, "{module}: {} cases", cases.len());
        for (case, given) in cases {
            let settings = read(&module, &given).unwrap_or_else(|faults| panic!("{module} {case}: {faults:?}"));
            let number = |name: &str| given[name].parse::<u64>().expect("a whole number");
            assert_eq!(settings.policy.holdoff.as_secs(), number("PRE_FAILOVER_FAILURE_SECONDS"), "{module} {case}");
            let cooldown =
                ["FAILOVER_COOLDOWN_SECONDS", "COOLDOWN_SECONDS"].into_iter().find(|n| given.contains_key(*n));
            assert_eq!(settings.policy.cooldown.as_secs(), number(cooldown.expect("a cooldown")), "{module} {case}");
        }
    }
}

/// A name that nothing reads would be passed over in silence.
#[test]
fn no_variable_that_a_module_sets_is_one_that_its_function_does_not_read() {
    for (module, cases) in modules() {
        for (case, given) in cases {
            for name in given.keys() {
                let mut wrong = given.clone();
                wrong.insert(name.clone(), "\u{7f} not this /".to_owned());
                let faults = read(&module, &wrong).err().unwrap_or_default();
                let is_named = faults.iter().any(|fault| fault.starts_with(&format!("{name}=")));
                assert!(is_named, "{module} {case}: nothing reads {name}; the faults were {faults:?}");
            }
        }
    }
}
