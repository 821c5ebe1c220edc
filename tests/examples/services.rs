//! The examples that are web services, over HTTP.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use serde_json::{Value, json};

/// A running service, which ends with the test.
struct Service {
    process: Child,
    url: String,
    agent: ureq::Agent,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Service {
    fn start(example: &str, arguments: &[&str]) -> Self {
        let mut command = envelope_tests::example(example);
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        // A connection whose request was refused before it was read is closed by the service, be it while the next request is sent.
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections(0);
        let agent = config.build().into();
        Self { process, url: url.trim().to_owned(), agent }
    }

    /// The status, and the body if it is JSON.
    fn call(&self, method: &str, tenant: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("x-tenant", tenant)
            .header("content-type", "application/json");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut response = self.agent.run(request.body(body).unwrap()).unwrap();
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

#[test]
fn accounts_sign_up_log_in_and_are_edited() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("accounts.sqlite");
    let arguments = [database.to_str().unwrap()];
    let service = Service::start("accounts", &arguments);
    let ada = json!({"email": "ada@example.com", "name": "Ada", "password": "analytical"});
    let log_in = |service: &Service, email: &str, password: &str| {
        service.call("POST", "", "/sessions", Some(json!({"email": email, "password": password})))
    };
    assert_eq!(log_in(&service, "ada@example.com", "analytical").0, 401);
    let (status, created) = service.call("POST", "", "/accounts", Some(ada.clone()));
    assert_eq!(status, 201);
    let path = format!("/accounts/{}", created["id"]);
    assert_eq!(service.call("POST", "", "/accounts", Some(ada)).0, 409);
    assert_eq!(log_in(&service, "ada@example.com", "difference").0, 401);
    assert_eq!(log_in(&service, "bob@example.com", "analytical").0, 401);
    assert_eq!(log_in(&service, "ada@example.com", "analytical"), (200, created.clone()));
    let mut expected = json!({"id": created["id"], "email": "ada@example.com", "name": "Ada", "bio": null});
    assert_eq!(service.call("GET", "", &path, None), (200, expected.clone()));
    assert_eq!(service.call("PATCH", "", &path, Some(json!({"bio": "likes tea"}))).0, 204);
    assert_eq!(service.call("PATCH", "", "/accounts/77", Some(json!({"bio": "x"}))).0, 404);
    expected["bio"] = json!("likes tea");
    assert_eq!(service.call("GET", "", &path, None), (200, expected.clone()));
    assert_eq!(service.call("GET", "", "/accounts/77", None).0, 404);
    drop(service);

    let stored = std::fs::read(&database).unwrap();
    for plaintext in ["ada@example.com", "Ada", "likes tea", "argon2"] {
        assert!(
            !stored.windows(plaintext.len()).any(|w| w == plaintext.as_bytes()),
            "{plaintext} is in the file"
        );
    }
    // Another process, with the key file and the key table.
    let service = Service::start("accounts", &arguments);
    assert_eq!(service.call("GET", "", &path, None), (200, expected));
    assert_eq!(log_in(&service, "ada@example.com", "analytical").0, 200);
}

#[test]
fn tenants_are_kept_apart_and_one_is_shredded() {
    let service = Service::start("tenants_axum", &[]);
    let ada = || Some(json!({"email": "ada@example.com", "name": "Ada"}));
    assert_eq!(service.call("POST", "", "/people", ada()).0, 400);
    let mut ids = Vec::new();
    for tenant in ["acme", "globex"] {
        let (status, id) = service.call("POST", tenant, "/people", ada());
        assert_eq!(status, 201);
        ids.push(id);
        // Unique for the tenant.
        assert_eq!(service.call("POST", tenant, "/people", ada()).0, 409);
    }
    let found = |tenant: &str| service.call("GET", tenant, "/people?email=ada@example.com", None);
    let person = |id: &Value| json!({"id": id, "email": "ada@example.com", "name": "Ada"});
    let path = |id: &Value| format!("/people/{id}");
    assert_eq!(found("acme"), (200, json!([person(&ids[0])])));
    assert_eq!(found("globex"), (200, json!([person(&ids[1])])));
    assert_eq!(found("initech"), (200, json!([])));
    assert_eq!(service.call("GET", "acme", &path(&ids[0]), None), (200, person(&ids[0])));
    for (tenant, id) in [("acme", &ids[1]), ("globex", &ids[0]), ("initech", &ids[0])] {
        assert_eq!(service.call("GET", tenant, &path(id), None).0, 404, "{tenant} reads {id}");
    }

    assert_eq!(service.call("DELETE", "acme", "/tenant", None), (200, json!(2)));
    assert_eq!(service.call("GET", "acme", &path(&ids[0]), None).0, 404);
    assert_eq!(service.call("POST", "acme", "/people", ada()).0, 500);
    assert_eq!(found("globex"), (200, json!([person(&ids[1])])));
}
