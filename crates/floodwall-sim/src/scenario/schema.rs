use super::Scenario;

impl Scenario {
    /// The JSON schema of scenario files, for editors and for tools that write them. It knows keys,
    /// types and words; what depends on several keys, such as shares that add up to 1, only
    /// [`parse`](Scenario::parse) knows.
    ///
    /// ```
    /// use floodwall_sim::Scenario;
    ///
    /// let schema = Scenario::schema();
    /// assert_eq!(schema["additionalProperties"], false);
    /// assert_eq!(schema["properties"]["phase"]["type"], "array");
    /// ```
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Scenario).to_value()
    }
}
