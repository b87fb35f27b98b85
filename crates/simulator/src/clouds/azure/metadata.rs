//! What SDKs and the `az` CLI ask before anything else (docs/reference/azure.md#command-line-client).

use axum::body::Body;
use http::{Response, StatusCode};
use serde_json::json;

use super::{SUBSCRIPTION, TENANT_NOTE, json_answer};

/// The endpoints of the cloud, all of them here.
pub(super) fn endpoints(host: &str) -> Response<Body> {
    let here = format!("https://{host}");
    let document = json!({
        "portal": here, "name": "holdfast-simulator", "resourceManager": format!("{here}/"),
        "authentication": {
            "loginEndpoint": format!("{here}/"), "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common", "identityProvider": "AAD",
        },
        "graph": here, "graphAudience": here, "media": here, "sqlManagement": here, "batch": here, "gallery": here,
        "activeDirectoryDataLake": here, "vmImageAliasDoc": here, "microsoftGraphResourceId": here,
        "logAnalyticsResourceId": here, "appInsightsResourceId": here, "attestationResourceId": here,
        "synapseAnalyticsResourceId": here, "ossrDbmsResourceId": here,
        "suffixes": {
            "storage": "core.windows.net", "sqlServerHostname": "database.windows.net", "keyVaultDns": "vault.azure.net",
            "acrLoginServer": "azurecr.io", "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net", "mhsmDns": "managedhsm.azure.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net", "attestationEndpoint": "attest.azure.net",
            "synapseAnalytics": "dev.azuresynapse.net", "mariadbServerEndpoint": "mariadb.database.azure.com",
            "mysqlServerEndpoint": "mysql.database.azure.com", "postgresqlServerEndpoint": "postgres.database.azure.com",
            "storageSyncEndpointSuffix": "afs.azure.net",
        },
    });
    json_answer(StatusCode::OK, &document)
}

/// The one subscription.
pub(super) fn subscriptions() -> Response<Body> {
    let document = json!({"value": [{
        "id": format!("/subscriptions/{SUBSCRIPTION}"), "subscriptionId": SUBSCRIPTION, "tenantId": TENANT_NOTE,
        "displayName": "simulated", "state": "Enabled", "subscriptionPolicies": {}, "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }], "count": {"type": "Total", "value": 1}});
    json_answer(StatusCode::OK, &document)
}
