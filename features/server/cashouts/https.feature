@server @cashouts
Feature: Cashouts are reached over HTTPS only

  @CASH-SEC-01 @CASH-SEC-02 @must
  Rule: calls over HTTPS work, and calls over plain HTTP fail

    Scenario: a cashout request over plain HTTP
      Given a cashout request that the server accepts
      When only it is sent over plain HTTP
      Then it fails and nothing is processed
      And how it fails is reported as AMB-24

    Scenario Outline: a <request> request over plain HTTP, in every state
      Given a <request> request that the server accepts
      When it is sent over plain HTTP in every state
      Then each fails, and none has an effect

      Examples:
        | request                |
        | every cashouts request |

  @CASH-SEC-01 @must
  Rule: the connection is a current one

    Scenario: TLS 1.2 or later
      Given a cashout request that the server accepts
      Then its connection was TLS 1.2 or later
