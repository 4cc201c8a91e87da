@client @deposits
Feature: A client sends the headers of the deposits table

  @DEP-HDR-01 @must
  Rule: every request carries the mandatory headers

    Scenario: Authorization, X-Login, X-Date, and Content-Type beside a body
      Given a client that works with deposits
      Then the mandatory deposits headers are there

  @DEP-HDR-02 @must
  Rule: Authorization is the word D24, one space, and the digest

    Scenario: the form of Authorization
      Given a client that works with deposits
      Then Authorization is D24, one space, and 64 lower-case hexadecimal digits

  @DEP-HDR-03 @must
  Rule: X-Login holds the merchant's API Key

    Scenario: what X-Login says
      Given a client that works with deposits
      Then X-Login is the deposits API Key

  @DEP-HDR-04 @must
  Rule: X-Date is written yyyy-MM-dd'T'HH:mm:ssZ, such as 2020-06-21T12:33:20Z

    Scenario: the form of X-Date
      Given a client that works with deposits
      Then X-Date is written yyyy-MM-dd'T'HH:mm:ss'Z'

  @DEP-HDR-05 @must
  Rule: a request has Content-Type application/json

    Scenario: Content-Type of everything that has a body
      Given a client that works with deposits
      Then Content-Type is application/json wherever there is a body

  @DEP-CT-02 @must
  Rule: Content-Type is always application/json

    Scenario: Content-Type never changes
      Given a client that works with deposits
      Then Content-Type is never anything else than application/json

  @DEP-CT-02 @must @observed
  Rule: where the documents leave Content-Type open (AMB-21)

    Scenario: parameters behind application/json, AMB-21
      Given a client that works with deposits
      Then Content-Type has no parameters
