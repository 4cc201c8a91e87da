@server @cashouts
Feature: A cashouts request carries its headers

  @CASH-HDR-02 @must @observed
  Rule: Content-Type is application/json

    Scenario: a cashout request without Content-Type
      Given a cashout request that the server accepts
      When only its Content-Type is left out
      Then whether it is refused is noted

    Scenario: a cashout request that calls itself text/plain
      Given a cashout request that the server accepts
      When only its Content-Type is "text/plain"
      Then whether it is refused is noted

  @CASH-HDR-03 @must @observed
  Rule: User-Agent names the calling program

    Scenario: a cashout request without User-Agent
      Given a cashout request that the server accepts
      When only its User-Agent is left out
      Then it is refused, or accepted where AMB-41 is read as lenient
