@client @cashouts
Feature: A client says who it is in the body of every cashouts call

  @CASH-AUTH-01 @must
  Rule: the API keys authenticate every request

    Scenario: every request has all three
      Given a client that works with cashouts
      Then login, pass and Payload-Signature are on every request

  @CASH-AUTH-02 @must
  Rule: the user is the API Key

    Scenario: login
      Given a client that works with cashouts
      Then login is the cashouts API Key

  @CASH-AUTH-03 @must
  Rule: the password is the API Passphrase

    Scenario: pass
      Given a client that works with cashouts
      Then pass is the API Passphrase

  @CASH-AUTH-04 @must
  Rule: the signing secret is the API Signature

    Scenario: the key of every signature
      Given a client that works with cashouts
      Then Payload-Signature is made with the cashouts API Signature

  @CASH-AUTH-05 @must @observed
  Rule: key and passphrase are user name and password of HTTP Basic (AMB-02)

    Scenario: HTTP Basic beside the body, AMB-02
      Given a client that works with cashouts
      Then the report says whether cashouts carry HTTP Basic beside the body

  @CASH-AUTH-06 @must
  Rule: key and passphrase are sent in the body of every call

    Scenario: login and pass
      Given a client that works with cashouts
      Then login and pass are in the body

    Scenario: the passphrase
      Given a client that works with cashouts
      Then the API Passphrase is in pass of cashouts, and nowhere else
