@client @cashouts
Feature: A client sends the headers of the cashouts table

  @CASH-HDR-01 @must
  Rule: every request carries the mandatory headers

    Scenario: Payload-Signature, Content-Type and User-Agent
      Given a client that works with cashouts
      Then Payload-Signature, Content-Type and User-Agent are on every request

  @CASH-HDR-02 @must
  Rule: Content-Type is application/json

    Scenario: Content-Type
      Given a client that works with cashouts
      Then Content-Type of cashouts is application/json

  @CASH-HDR-03 @must
  Rule: User-Agent names the calling program

    Scenario: User-Agent
      Given a client that works with cashouts
      Then User-Agent is on every request
