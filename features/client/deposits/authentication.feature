@client @deposits
Feature: A client says who it is, with the key that belongs there

  @DEP-AUTH-01 @must
  Rule: the API keys authenticate every request

    Scenario: every request has Authorization
      Given a client that works with deposits
      Then every request is authenticated

  @DEP-AUTH-02 @must
  Rule: POST operations take the API Key and the API Signature

    Scenario: every POST is signed
      Given a client that works with deposits
      Then everything that creates is signed

  @DEP-AUTH-03 @must
  Rule: a key of its own serves the read-only endpoints, and those alone

    Scenario: lookups, AMB-03
      Given a client that works with deposits
      Then lookups say who asks in one of the documented ways

    Scenario: everything else
      Given a client that works with deposits
      Then nothing but lookups has the read-only key

  @DEP-AUTH-06 @must
  Rule: the API Key is sent in X-Login in every signed call

    Scenario: every signed call
      Given a client that works with deposits
      Then the API Key is in X-Login of every request
