//! The rules of a steering policy: which of its answers are left (docs/reference/oci.md#steering-policies).

use serde_json::{Value, json};

use super::error::OciError;

/// The kinds of rules.
const KINDS: [&str; 5] = ["FILTER", "HEALTH", "WEIGHTED", "PRIORITY", "LIMIT"];
/// The kinds of records.
const RECORDS: [&str; 3] = ["A", "AAAA", "CNAME"];

/// The answers that the rules leave, in their order. `healthy`: whether an answer's address is up; unknown ones are.
pub(super) fn chosen<'a>(answers: &'a [Value], rules: &[Value], healthy: &dyn Fn(&Value) -> bool) -> Vec<&'a Value> {
    let mut left: Vec<&Value> = answers.iter().collect();
    for rule in rules {
        let Some(data) = data(rule) else { continue };
        let first = |answer: &Value| data.iter().find(|one| fits(&one["answerCondition"], answer)).copied();
        match rule["ruleType"].as_str().unwrap_or_default() {
            // What no condition speaks of is not kept.
            "FILTER" => left.retain(|answer| first(answer).is_some_and(|one| one["shouldKeep"] == true)),
            "HEALTH" => left.retain(|answer| healthy(answer)),
            "PRIORITY" => {
                left.retain(|answer| first(answer).is_some());
                left.sort_by_key(|answer| first(answer).and_then(|one| one["value"].as_u64()));
            }
            "LIMIT" => left.truncate(rule["defaultCount"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1)),
            // Weights decide by lot; nobody here has two answers of one weight.
            _ => {}
        }
    }
    left
}

/// The data that a rule goes by; `None` is a rule that is ignored: its list of cases is empty, or none of them matches.
fn data(rule: &Value) -> Option<Vec<&Value>> {
    let of = |value: &'static str, from: &'_ Value| from[value].as_array().is_some();
    let default = rule["defaultAnswerData"].as_array().into_iter().flatten();
    let Some(cases) = rule["cases"].as_array() else { return Some(default.collect()) };
    // A case with a condition looks at the client's address, which nobody has here.
    let case = cases.iter().find(|case| case["caseCondition"].is_null())?;
    let own = if of("answerData", case) { case["answerData"].as_array() } else { None };
    Some(own.into_iter().flatten().chain(default).collect())
}

/// `answer.FIELD == 'text'`, `answer.FIELD != true` and the like. No condition at all fits.
fn fits(condition: &Value, answer: &Value) -> bool {
    let Some(text) = condition.as_str() else { return true };
    let (name, wanted, equal) = match (text.split_once("=="), text.split_once("!=")) {
        (Some((name, wanted)), _) => (name, wanted, true),
        (None, Some((name, wanted))) => (name, wanted, false),
        _ => return false,
    };
    let field = &answer[name.trim().strip_prefix("answer.").unwrap_or_default()];
    let wanted = match wanted.trim() {
        "true" => json!(true),
        "false" => json!(false),
        quoted => json!(quoted.trim_matches(['\'', '"'])),
    };
    let field = if field.is_null() && wanted.is_boolean() { &json!(false) } else { field };
    (*field == wanted) == equal
}

/// Whether these answers may be stored.
pub(super) fn check_answers(answers: &[Value]) -> Result<(), OciError> {
    for (index, answer) in answers.iter().enumerate() {
        let text = |field: &str| answer[field].as_str().filter(|text| !text.is_empty());
        let Some(name) = text("name") else { return Err(OciError::invalid("an answer has no name")) };
        if answers.iter().take(index).any(|other| other["name"] == name) {
            return Err(OciError::invalid("two answers have the same name"));
        }
        if text("rdata").is_none() || !text("rtype").is_some_and(|rtype| RECORDS.contains(&rtype)) {
            return Err(OciError::invalid("an answer needs rdata, and A, AAAA or CNAME as its rtype"));
        }
        if !(answer["isDisabled"].is_null() || answer["isDisabled"].is_boolean()) {
            return Err(OciError::invalid("isDisabled is true or false"));
        }
    }
    Ok(())
}

/// Whether these rules may be stored under the template.
pub(super) fn check_rules(template: &str, answers: &[Value], rules: &[Value]) -> Result<(), OciError> {
    let kind = |rule: &Value| rule["ruleType"].as_str().unwrap_or_default().to_owned();
    let kinds: Vec<String> = rules.iter().map(kind).collect();
    if let Some(unknown) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(OciError::invalid(&format!("no such type of rule: {unknown}")));
    }
    if template != "FAILOVER" {
        return Ok(());
    }
    let without_health: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| *kind != "HEALTH").collect();
    let is_ordered =
        without_health == ["FILTER", "PRIORITY", "LIMIT"] && kinds.get(2).is_none_or(|kind| kind != "HEALTH");
    let pooled = answers.iter().all(|answer| answer["pool"].is_string());
    if is_ordered && pooled { Ok(()) } else { Err(OciError::invalid("the rules do not fit the template FAILOVER")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(pool: &str, disabled: Value) -> Value {
        json!({"name": pool, "rtype": "A", "rdata": format!("192.0.2.{}", pool.len()), "pool": pool, "isDisabled": disabled})
    }

    fn rules() -> Vec<Value> {
        let filter = json!({"ruleType": "FILTER", "defaultAnswerData": [{"answerCondition": "answer.isDisabled != true", "shouldKeep": true}]});
        let priority = json!({"ruleType": "PRIORITY", "defaultAnswerData": [
            {"answerCondition": "answer.pool == 'primary'", "value": 1}, {"answerCondition": "answer.pool == 'secondary'", "value": 99}]});
        vec![filter, priority, json!({"ruleType": "LIMIT", "defaultCount": 1})]
    }

    fn first(primary: Value, secondary: Value) -> Option<String> {
        let answers = [answer("secondary", secondary), answer("primary", primary)];
        chosen(&answers, &rules(), &|_| true)
            .first()
            .map(|answer| answer["name"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_first_pool_that_is_in_service_answers_and_absent_means_in_service() {
        assert_eq!(first(json!(false), json!(false)).as_deref(), Some("primary"));
        assert_eq!(first(Value::Null, json!(true)).as_deref(), Some("primary"));
        assert_eq!(first(json!(true), json!(false)).as_deref(), Some("secondary"));
        assert_eq!(first(json!(true), json!(true)), None);
    }

    #[test]
    fn a_rule_without_a_matching_case_is_ignored_and_health_takes_answers_out() {
        let answers = [answer("primary", json!(true)), answer("secondary", json!(false))];
        let mut rules = rules();
        rules[0]["cases"] = json!([]);
        assert_eq!(chosen(&answers, &rules, &|_| true)[0]["name"], "primary", "nothing was filtered");
        rules.insert(1, json!({"ruleType": "HEALTH"}));
        assert_eq!(chosen(&answers, &rules, &|answer| answer["name"] != "primary")[0]["name"], "secondary");
    }

    #[test]
    fn what_makes_no_sense_is_not_stored() {
        let good = [answer("primary", Value::Null)];
        assert!(check_answers(&good).is_ok() && check_rules("FAILOVER", &good, &rules()).is_ok());
        assert!(check_answers(&[good[0].clone(), good[0].clone()]).is_err());
        assert!(check_answers(&[answer("primary", json!("yes"))]).is_err());
        assert!(check_answers(&[json!({"name": "n", "rtype": "MX", "rdata": "x"})]).is_err());
        assert!(check_rules("FAILOVER", &good, &rules()[1..]).is_err());
        assert!(check_rules("CUSTOM", &good, &rules()[1..]).is_ok());
        assert!(check_rules("CUSTOM", &good, &[json!({"ruleType": "GUESS"})]).is_err());
    }
}
