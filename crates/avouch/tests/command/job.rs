//! The Kubernetes manifest: read by a YAML parser, held to the fields of a batch/v1 Job and to the
//! rules of indexed jobs, and its container's command run as each pod would run it.
//!
//! The fields and rules are those of the Kubernetes API reference, v1.33: Job, `PodTemplateSpec`,
//! Container. A member that they do not know is refused, as the server does with strict
//! validation.

use crate::place::Place;
use serde::Deserialize;
use serde::de::IgnoredAny as Any;
use std::collections::BTreeMap;

const MANIFEST: &str = include_str!("../../../../deploy/lab-job.yaml");

/// A structure of the API: its members that are looked at, and the names of the others.
macro_rules! structure {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? } $($other:ident)*) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(non_snake_case, dead_code, reason = "the API's names, some only for being legal")]
        struct $name {
            $($field: $kind,)*
            $(#[serde(default)] $other: Option<Any>,)*
        }
    };
}

structure! { Job { apiVersion: String, kind: String, metadata: Meta, spec: JobSpec } status }
structure! { Meta { name: Option<String>, labels: Option<BTreeMap<String, String>> }
annotations generateName namespace finalizers ownerReferences }
structure! { JobSpec {
    completionMode: Option<String>, completions: Option<u32>, parallelism: Option<u32>,
    backoffLimitPerIndex: Option<u32>, maxFailedIndexes: Option<u32>, template: Template,
    ttlSecondsAfterFinished: Option<u32>, backoffLimit: Option<u32>, suspend: Option<bool>,
    activeDeadlineSeconds: Option<u64>,
}
managedBy manualSelector podFailurePolicy podReplacementPolicy selector successPolicy }
structure! { Template { metadata: Option<Meta>, spec: PodSpec } }
structure! { PodSpec {
    restartPolicy: String, containers: Vec<Container>, volumes: Vec<Volume>,
}
activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks
ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname imagePullSecrets
initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName
readinessGates resourceClaims resources runtimeClassName schedulerName schedulingGates
securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain
terminationGracePeriodSeconds tolerations topologySpreadConstraints }
structure! { Container {
    name: String, image: String, command: Vec<String>, args: Vec<String>, env: Vec<Variable>,
    resources: Option<Resources>, volumeMounts: Vec<Mount>,
}
envFrom imagePullPolicy lifecycle livenessProbe ports readinessProbe resizePolicy restartPolicy
securityContext startupProbe stdin stdinOnce terminationMessagePath terminationMessagePolicy tty
volumeDevices workingDir }
structure! { Variable { name: String, value: String } }
structure! { Resources {
    requests: Option<BTreeMap<String, String>>, limits: Option<BTreeMap<String, String>>,
} claims }
structure! { Mount { name: String, mountPath: String, readOnly: Option<bool> }
mountPropagation recursiveReadOnly subPath subPathExpr }
structure! { Volume { name: String }
configMap emptyDir hostPath nfs persistentVolumeClaim projected secret downwardAPI ephemeral csi }

/// A name of the API: RFC 1123's label.
fn is_label(name: &str) -> bool {
    let legal = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(legal)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A quantity of the API, such as `2`, `500m` or `1Gi`.
fn is_quantity(text: &str) -> bool {
    let number = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    let suffixes = ["", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"];
    number.parse::<f64>().is_ok() && suffixes.contains(&&text[number.len()..])
}

/// The job, or what the server would say against it.
fn admitted(text: &str) -> Result<Job, String> {
    // By way of a value: read straight into a text, a bare 8 would pass for one.
    let value: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let job: Job = serde_yaml_ng::from_value(value).map_err(|error| error.to_string())?;
    let (spec, pod) = (&job.spec, &job.spec.template.spec);
    let want = |fine: bool, what: &str| if fine { Ok(()) } else { Err(what.to_owned()) };
    want(job.apiVersion == "batch/v1" && job.kind == "Job", "not a batch/v1 Job")?;
    want(job.metadata.name.as_deref().is_some_and(is_label), "metadata.name")?;
    let indexed = spec.completionMode.as_deref() == Some("Indexed");
    want(indexed && spec.completions.is_some_and(|count| count > 0), "Indexed wants completions")?;
    want(spec.parallelism <= spec.completions, "more pods at once than indexes")?;
    want(pod.restartPolicy == "Never", "backoffLimitPerIndex wants restartPolicy Never")?;
    want(spec.backoffLimitPerIndex.is_some(), "maxFailedIndexes wants backoffLimitPerIndex")?;
    want(spec.maxFailedIndexes <= spec.completions, "maxFailedIndexes over completions")?;
    want(!pod.containers.is_empty(), "no container")?;
    for container in &pod.containers {
        want(is_label(&container.name) && !container.image.is_empty(), "a container's name")?;
        for mount in &container.volumeMounts {
            let volume = pod.volumes.iter().any(|volume| volume.name == mount.name);
            want(volume && mount.mountPath.starts_with('/'), "a mount without its volume")?;
        }
        let amounts = container.resources.iter().flat_map(|all| [&all.requests, &all.limits]);
        let amounts: Vec<_> = amounts.flatten().flatten().map(|(_, amount)| amount).collect();
        want(amounts.iter().all(|amount| is_quantity(amount)), "a quantity")?;
    }
    want(pod.volumes.iter().all(|volume| is_label(&volume.name)), "a volume's name")?;
    Ok(job)
}

#[test]
fn the_manifest_is_a_job_that_a_server_admits() {
    admitted(MANIFEST).unwrap();
    for (good, bad, why) in [
        ("  completions: 8", "   completions: 8", "indent"),
        ("kind: Job", "kind: Job\nkind: Job", "duplicate"),
        ("apiVersion: batch/v1", "apiVersion: batch/v2", "batch/v1"),
        ("  completions: 8", "  completion: 8", "unknown field"),
        ("  completions: 8\n", "", "Indexed"),
        ("restartPolicy: Never", "restartPolicy: OnFailure", "Never"),
        ("parallelism: 8", "parallelism: 9", "at once"),
        ("maxFailedIndexes: 8", "maxFailedIndexes: 9", "maxFailedIndexes"),
        ("value: \"8\"", "value: 8", "string"),
        ("mountPath: /runs", "path: /runs", "unknown field"),
        (
            "        - name: runs\n          emptyDir",
            "        - name: run\n          emptyDir",
            "volume",
        ),
        ("memory: 1Gi", "memory: 1GB", "quantity"),
        ("name: avouch-lab\n  labels", "name: Avouch_Lab\n  labels", "name"),
    ] {
        let planted = MANIFEST.replacen(good, bad, 1);
        assert_ne!(planted, MANIFEST, "{good}");
        let said = admitted(&planted).map(|_| ()).expect_err(bad);
        assert!(said.contains(why) || why == "indent", "{bad}: {said}");
    }
}

/// A short incident for the pods to run.
const SCENARIO: &str = "name = \"pod\"\nsummary = \"a crash\"\nduration = \"1s\"\n[cluster]\nnodes = 3\n\
    [[fault]]\nat = \"300ms\"\ndo = \"crash\"\nnode = \"n2\"\nfor = \"200ms\"\n";

/// Each pod's command as it stands, with the variables that the manifest and the job's controller
/// set, its mounts in a folder of the test and fewer seeds.
#[test]
fn each_index_runs_its_share_and_the_shares_make_the_whole() {
    let job = admitted(MANIFEST).unwrap();
    let container = &job.spec.template.spec.containers[0];
    let place = Place::new("lab-job");
    let mounted = |path: &str| place.path(path.trim_start_matches('/'));
    std::fs::create_dir_all(mounted("/scenario")).unwrap();
    std::fs::write(mounted("/scenario/scenario.toml"), SCENARIO).unwrap();
    let in_place = |word: &String| {
        container.volumeMounts.iter().fold(word.clone(), |word, mount| {
            let here = mounted(&mount.mountPath).display().to_string();
            word.replace(&format!(" {}", mount.mountPath), &format!(" {here}"))
        })
    };
    let words: Vec<_> = container.command.iter().chain(&container.args).map(in_place).collect();
    let run = |index: u32, seeds: Option<&str>| {
        let mut command = place.command(&words[0]);
        command.args(&words[1..]);
        for variable in &container.env {
            command.env(&variable.name, &variable.value);
        }
        if let Some(seeds) = seeds {
            command.env("SEEDS", seeds);
        }
        let ended = command.env("JOB_COMPLETION_INDEX", index.to_string()).output().unwrap();
        let out = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{out}{}", String::from_utf8_lossy(&ended.stderr));
        out
    };
    let mut next = 1;
    for index in 0..job.spec.completions.unwrap() {
        let out = run(index, Some("1..25"));
        let from = format!("pod: seeds {next}..{}: 3 held", next + 3);
        assert!(out.contains(&from), "index {index}: {from} in {out}");
        next += 3;
    }
    let seeds = container.env.iter().find(|variable| variable.name == "SEEDS").unwrap();
    assert_eq!((seeds.value.as_str(), next), ("1..10001", 25));
}
